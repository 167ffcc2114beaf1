"""Causal enhancers run by onnxruntime, frame by frame, without PyTorch."""

import os
from pathlib import Path

import numpy as np
import onnxruntime

from speechgan.inference.enhancement.frames import Spectrum
from speechgan.inference.enhancement.streaming import State, Stream
from speechgan.pretrained.folder import ONNX, find_model
from speechgan.utils.errors import SpeechganError


class OnnxNetwork:
    """What `speechgan.inference.export` wrote, as a `FrameNetwork`, on the CPU.

    Args:
        path: the file.
        threads: of the CPU; None leaves onnxruntime's own choice.

    Raises:
        SpeechganError: missing, unreadable, or ONNX of another kind.
    """

    causal = True
    level_invariant = True

    def __init__(self, path: str | os.PathLike[str], threads: int | None = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or 0
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if not Path(path).is_file():
            raise SpeechganError(f"{path}: no such file; speechgan export writes it")
        try:
            self.session = onnxruntime.InferenceSession(
                os.fspath(path), options, ["CPUExecutionProvider"]
            )
            described = self.session.get_modelmeta().custom_metadata_map
            self.sample_rate, self.n_fft, self.hop_length = (
                int(described[name]) for name in ("sample_rate", "n_fft", "hop_length")
            )
        # onnxruntime's own errors have no common base that is public.
        except Exception as error:
            reason = str(error).splitlines()[0]
            raise SpeechganError(
                f"{path}: not an enhancer that speechgan export wrote ({reason}); write it anew"
            ) from None

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "default",
        device: object = "auto",
        threads: int | None = 1,
    ) -> "OnnxNetwork":
        """Of a shipped model's name, a model folder that holds `model.onnx`, or an ONNX file.

        Raises:
            SpeechganError: none of them, a device other than the CPU, threads below 1.
        """
        if str(device) not in ("auto", "cpu"):
            raise SpeechganError(f"device {device}: the ONNX engine runs on the cpu; use torch")
        if threads is not None and threads < 1:
            raise SpeechganError(f"threads {threads}: must be 1 or more")
        if Path(name).suffix == ".onnx":
            return cls(name, threads)
        path = find_model(name) / ONNX
        if not path.is_file():
            raise SpeechganError(
                f"{name}: holds no {ONNX}; write it, if the model is causal, with "
                f"speechgan export {name} --onnx {path}"
            )
        return cls(path, threads)

    def open(self, rate: float, channels: int, strength: float, linked: bool) -> Stream:
        """The beginning of a sound."""
        return Stream(self, rate, channels, strength, linked)

    def start(self, channels: int) -> "OnnxRun":
        """The network at the beginning of a sound."""
        return OnnxRun(self.session, channels)


class OnnxRun:
    """One sound: every frame is ready at once, and a state goes from frame to frame."""

    def __init__(self, session: onnxruntime.InferenceSession, channels: int) -> None:
        self._channels = [OnnxChannel(session) for _ in range(channels)]

    @property
    def state(self) -> State:
        """Its parts, each `(channel, ...)`."""
        states = [channel.state for channel in self._channels]
        return {name: np.concatenate([state[name] for state in states]) for name in states[0]}

    @state.setter
    def state(self, state: State) -> None:
        for number, channel in enumerate(self._channels):
            for name, part in channel.state.items():
                part[:] = state[name][number]

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        enhanced = np.empty_like(spectrum)
        for channel, noisy, made in zip(self._channels, spectrum, enhanced, strict=True):
            for frame in range(len(noisy)):
                made[frame] = channel(noisy[frame])
        return enhanced

    def finish(self) -> Spectrum:
        """Nothing is still to come."""
        return np.zeros((len(self._channels), 0, 1), np.complex64)


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
