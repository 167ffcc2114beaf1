"""Enhancement of a sound that is still being heard, in blocks of any size."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from speechgan.audio import Wave
from speechgan.inference.enhancement.bands import share_mask, widen
from speechgan.inference.enhancement.frames import (
    ROUND_FRAMES,
    Analyser,
    Framing,
    Spectrum,
    Synthesiser,
)
from speechgan.inference.enhancement.limiter import Limiter
from speechgan.inference.enhancement.rounds import Array, Ask, Steps, run_alone, run_together
from speechgan.inference.enhancement.upper_band import UpperBand
from speechgan.inference.samples import read_block, write_block
from speechgan.utils.errors import SpeechganError

# Most that a network is given at a time: a second of sound holds very many short frames.
MOST_FRAMES = 512
State = dict[str, np.ndarray[Any, Any]]


class FrameRun(Protocol):
    """A network in the course of one sound."""

    state: State

    def push(self, spectrum: Spectrum, ends: bool) -> Steps[Spectrum]:
        """The next noisy frames to those enhanced frames that are ready, in order.

        Args:
            spectrum: one frame or more.
            ends: whether they are the last; then all that were still to come are ready.
        """
        ...


class FrameNetwork(ABC):
    """A `Network` that turns noisy spectra into clean ones, whichever library computes it.

    Attributes:
        sample_rate, n_fft, hop_length: of the frames that it was trained on.
        causal: whether a frame is ready as soon as it is heard.
        level_invariant: whether a softer sound gives the same, softer.
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    causal: bool
    level_invariant: bool

    @abstractmethod
    def start(self, channels: int) -> FrameRun:
        """The network at the beginning of a sound."""

    @abstractmethod
    def answer(self, asks: Sequence[Ask]) -> Sequence[Array]:
        """See `Network`."""

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> "Stream":
        """See `Network`."""
        return Stream(self, rate, channels, strength, linked)

    def round_length(self, rate: float) -> int:
        """Samples of `ROUND_FRAMES` frames."""
        return ROUND_FRAMES * self.period(rate)

    def period(self, rate: float) -> int:
        """The frames' step, in samples."""
        return Framing.at(rate, self.sample_rate, self.n_fft, self.hop_length).hop_length


class Stream:
    """One sound through an enhancer, block after block: the same samples as from the whole.

    A causal model answers in steps of its hop, 16 ms for the models that ship, and one hop behind
    what it has heard: with the hop that has to be complete first, 32 ms in all, at any sample
    rate. Each block returns the samples that are ready, `flush` the rest; together they are as
    many as went in.

    Args:
        network: what enhances.
        sample_rate: of the blocks, in Hz.
        channels: of the blocks.
        strength: share of the enhanced sound, from 0 to 1; the rest is the input.
        linked: whether all channels get one mask, which keeps sources in their places, or each
            its own.
    """

    def __init__(
        self,
        network: FrameNetwork,
        sample_rate: float,
        channels: int = 1,
        strength: float = 1.0,
        linked: bool = True,
    ) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self.strength, self.linked = np.float32(strength), linked
        self.framing = Framing.at(
            sample_rate, network.sample_rate, network.n_fft, network.hop_length
        )
        seconds = network.hop_length / network.sample_rate
        self.network, self._run = network, network.start(channels)
        self._analyser = Analyser(self.framing, channels)
        self._synthesiser = Synthesiser(self.framing, channels)
        self._upper = UpperBand(self.framing, channels, seconds)
        self._limiter = Limiter(self.framing.hop_length)
        # Noisy frames whose enhanced ones are still to come.
        self._noisy = np.zeros((channels, 0, self.framing.bins), np.complex64)
        self._heard = self._made = 0
        self._flushed = False
        self._like: Wave = np.zeros((channels, 0), np.float32)

    def __call__(self, block: Wave) -> Wave:
        """The samples that are ready after a block.

        Args:
            block: `(sample,)` of one channel, or `(channel, sample)`; any length, floating point
                with full scale at ±1, or 16- or 32-bit integers.

        Returns:
            The same kind and dtype, with as many samples as are ready, perhaps none.

        Raises:
            SpeechganError: another shape or dtype, NaN or infinity, after which the stream can go
                on with the next block; or the stream was flushed.
        """
        return run_alone(self.hear(block), self.network.answer)

    def hear(self, block: Wave) -> Steps[Wave]:
        """As a call, for `hear_together`."""
        if self._flushed:
            raise SpeechganError("stream: was flushed; open another for the next sound")
        wave = read_block(block, self.channels, self.sample_rate)
        ready = yield from self.push(wave, ends=False)
        self._like = block[..., :0]
        return write_block(ready, self._like)

    def flush(self) -> Wave:
        """The last samples, of the kind and dtype of the last block; the stream takes no more.

        Where there was none, `(channel, sample)` float32.
        """
        if self._flushed:
            return self._like
        nothing = np.zeros((self.channels, 0), np.float32)
        ready = run_alone(self.push(nothing, ends=True), self.network.answer)
        return write_block(ready, self._like)

    def push(self, wave: Wave, ends: bool) -> Steps[Wave]:
        """As a call, of float32 `(channel, sample)`, for one who answers several sounds at once.

        Args:
            wave: the next samples.
            ends: whether they are the last; then as many are returned as were still to come.
        """
        self._flushed = ends
        self._heard += wave.shape[1]
        returned = max(0, self._made - self.framing.overlap)
        if ends:
            hops = -(-(self._heard + self.framing.overlap) // self.framing.hop_length)
            missing = hops * self.framing.hop_length - self._heard
            wave = self._lengthen(wave, missing if self._heard else 0)
        noisy, heard = self._analyser(wave)
        if not noisy.shape[1]:
            return np.zeros((self.channels, 0), np.float32)
        self._limiter.hear(heard)
        waiting = self._noisy.shape[1]
        self._noisy = np.concatenate([self._noisy, noisy], axis=1) if waiting else noisy
        frames = widen(noisy, self.framing)
        made = []
        for first in range(0, frames.shape[1], MOST_FRAMES):
            last = first + MOST_FRAMES >= frames.shape[1]
            part = frames[:, first : first + MOST_FRAMES]
            made.append((yield from self._run.push(part, ends and last)))
        ready = self._finish(np.concatenate(made, axis=1))
        return ready[:, : self._heard - returned]

    @property
    def state(self) -> State:
        """All that the stream remembers; `numpy.savez(file, **stream.state)` keeps it."""
        if self._noisy.shape[1]:
            raise SpeechganError("stream: a model that hears ahead has no state to save")
        return {f"network.{name}": value.copy() for name, value in self._run.state.items()} | {
            "analyser": self._analyser.waiting.copy(),
            "synthesiser": self._synthesiser.unfinished.copy(),
            "upper_band": self._upper.energies.copy(),
            "ceiling": np.array([self._limiter.ceiling]),
            "samples": np.array([self._heard, self._made]),
        }

    @state.setter
    def state(self, state: Mapping[str, np.ndarray[Any, Any]]) -> None:
        own = self.state
        if set(own) != set(state) or any(
            own[name].shape != state[name].shape for name in own if name != "analyser"
        ):
            raise SpeechganError(
                "state: of another model, rate or number of channels; open the stream as the one "
                "that it was taken from"
            )
        self._run.state = {name: np.array(state[f"network.{name}"]) for name in self._run.state}
        self._analyser.waiting = np.array(state["analyser"])
        self._synthesiser.unfinished = np.array(state["synthesiser"])
        self._upper.energies = np.array(state["upper_band"])
        self._limiter.ceiling = np.float32(state["ceiling"][0])
        self._heard, self._made = map(int, state["samples"])

    def _lengthen(self, wave: Wave, samples: int) -> Wave:
        """Appends samples at the DC offset of the last ones, as a step down to 0 would click."""
        recent = np.concatenate([self._analyser.waiting, wave], axis=1)
        recent = recent[:, -min(self._heard, self.framing.overlap) :]
        mean = recent.mean(1, keepdims=True, dtype=np.float32)
        return np.concatenate([wave, np.repeat(mean, samples, axis=1)], axis=1)

    def _finish(self, enhanced: Spectrum) -> Wave:
        """Frames that the network has done, to samples."""
        count = enhanced.shape[1]
        if not count:
            return np.zeros((self.channels, 0), np.float32)
        noisy, self._noisy = self._noisy[:, :count], self._noisy[:, count:]
        lower = noisy[..., : self.framing.model_bins]
        enhanced = enhanced[..., : lower.shape[-1]]
        if self.framing.scale != 1:
            enhanced = enhanced / np.float32(self.framing.scale)
        if self.linked:
            enhanced = share_mask(lower, enhanced)
        whole = self._upper(noisy, enhanced)
        if self.strength != 1:
            whole = self.strength * whole + (1 - self.strength) * noisy
        wave = self._limiter(self._synthesiser(whole))
        before = max(0, self.framing.overlap - self._made)  # of the frames ahead of the sound
        self._made += wave.shape[1]
        return wave[:, before:]


def hear_together(streams: Sequence[Stream], blocks: Sequence[Wave]) -> list[Wave | SpeechganError]:
    """The next block of each of several live sounds, all that one network is asked at once.

    Args:
        streams: no stream twice; of any enhancers, sample rates and channels.
        blocks: of each, as a call takes it.

    Returns:
        For each what a call would return, or the `SpeechganError` that it would raise: one that is
        refused leaves the others as they are.
    """
    outcomes: dict[int, Wave | SpeechganError] = {}
    for network in {id(stream.network): stream.network for stream in streams}.values():
        own = [n for n, stream in enumerate(streams) if stream.network is network]
        steps = [streams[number].hear(blocks[number]) for number in own]
        for place, outcome in run_together(steps, len(steps), network.answer):
            outcomes[own[place]] = outcome
    return [outcomes[number] for number in range(len(streams))]
