"""A causal graph in the course of a sound, or of several: a state goes from frame to frame."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnxruntime

from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.rounds import Ask, Steps
from speechgan.inference.enhancement.streaming import State

# From so many frames on, the graph of many frames is the faster one.
FEW_FRAMES = 8
# What lies between its layers then fits a core's own cache; at 500 frames it takes half as much
# time again.
MANY_FRAMES = 64


class OnnxRun:
    """One sound: every frame is ready at once.

    Args:
        frame: graph of one frame.
        blocks: graph of many frames, or None.
        channels: of the sound.
    """

    def __init__(
        self,
        frame: onnxruntime.InferenceSession,
        blocks: onnxruntime.InferenceSession | None,
        channels: int,
    ) -> None:
        self._blocks = blocks
        self.channels = [OnnxChannel(frame) for _ in range(channels)]

    @property
    def state(self) -> State:
        """Its parts, each `(channel, ...)`."""
        states = [channel.state for channel in self.channels]
        return {name: np.concatenate([state[name] for state in states]) for name in states[0]}

    @state.setter
    def state(self, state: State) -> None:
        for number, channel in enumerate(self.channels):
            for name, part in channel.state.items():
                part[:] = state[name][number]

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        """The next frames, enhanced."""
        if self._blocks is not None and spectrum.shape[1] >= FEW_FRAMES:
            rows = np.split(spectrum, len(spectrum))
            pairs = zip(self.channels, rows, strict=True)
            return np.concatenate([run_blocks(self._blocks, c.state, row) for c, row in pairs])
        enhanced = np.empty_like(spectrum)
        for channel, noisy, made in zip(self.channels, spectrum, enhanced, strict=True):
            for frame in range(len(noisy)):
                made[frame] = channel(noisy[frame])
        return enhanced

    def push(self, spectrum: Spectrum, ends: bool) -> Steps[Spectrum]:
        """Frames are asked for as they come."""
        return (yield Ask(spectrum, memory=self, ends=ends))


def continue_all(
    session: onnxruntime.InferenceSession, runs: Sequence[OnnxRun], spectrum: Spectrum
) -> Spectrum:
    """The next frames of several sounds, whose channels lie under each other.

    Args:
        session: graph of many frames, and of many channels.
        runs: the sounds; each goes on from here.
        spectrum: `(channel, frame, bin)`, of all channels of the first sound, then of the next.
    """
    channels = [channel for run in runs for channel in run.channels]
    names = channels[0].state
    state = {name: np.concatenate([c.state[name] for c in channels]) for name in names}
    enhanced = run_blocks(session, state, spectrum)
    for name, parts in state.items():
        for channel, part in zip(channels, parts, strict=True):
            channel.state[name][:] = part
    return enhanced


def run_blocks(session: onnxruntime.InferenceSession, state: State, noisy: Spectrum) -> Spectrum:
    """Frames `(channel, frame, bin)`, many at once; the channels' state is written to."""
    names = ["enhanced", *(f"{name}_after" for name in state)]
    enhanced = np.empty_like(noisy)
    for start in range(0, noisy.shape[1], MANY_FRAMES):
        block = slice(start, start + MANY_FRAMES)
        made, *after = session.run(names, {"spectrum": to_parts(noisy[:, block]), **state})
        for part, value in zip(state.values(), after, strict=True):
            part[:] = value
        enhanced[:, block] = to_complex(made)
    return enhanced


class OnnxChannel:
    """One channel, frame by frame, in memory that stays in its place.

    onnxruntime reads one state and writes another, in turns, which spares it and Python to make
    arrays: a tenth of the time.

    Attributes:
        state: before the next frame, by name; its arrays can be written to.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        given = {part.name: np.zeros(part.shape, np.float32) for part in session.get_inputs()}
        self._session = session
        self._noisy = given.pop("spectrum")
        self._enhanced = np.zeros_like(self._noisy)
        self._made = np.zeros(self._noisy.shape[2], np.complex64)
        self.state: State = given
        self._after: State = {name: part.copy() for name, part in given.items()}
        self._step = self._bind(self.state, self._after)
        self._next_step = self._bind(self._after, self.state)

    def _bind(self, before: State, after: State) -> onnxruntime.IOBinding:
        step = self._session.io_binding()
        for name, array in {"spectrum": self._noisy, **before}.items():
            step.bind_cpu_input(name, array)
        made = {"enhanced": self._enhanced} | {f"{n}_after": part for n, part in after.items()}
        for name, array in made.items():
            step.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return step

    def __call__(self, frame: Spectrum) -> Spectrum:
        """`(bin,)` to the same, in memory that the next frame overwrites."""
        noisy, enhanced = self._noisy[0, :, :, 0], self._enhanced[0, :, :, 0]
        noisy[0], noisy[1] = frame.real, frame.imag
        self._session.run_with_iobinding(self._step)
        self.state, self._after = self._after, self.state
        self._step, self._next_step = self._next_step, self._step
        self._made.real, self._made.imag = enhanced
        return self._made


def to_parts(spectrum: Spectrum) -> np.ndarray[Any, Any]:
    """`(channel, frame, bin)` to real and imaginary parts `(channel, 2, bin, frame)`."""
    bins = spectrum.transpose(0, 2, 1)
    return np.stack([bins.real, bins.imag], axis=1)


def to_complex(parts: np.ndarray[Any, Any]) -> Spectrum:
    """The inverse."""
    real, imaginary = parts.transpose(1, 0, 3, 2)
    made = np.empty(real.shape, np.complex64)
    made.real, made.imag = real, imaginary
    return made
