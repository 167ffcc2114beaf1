"""Causal enhancers run by onnxruntime, frame by frame, without PyTorch."""

import os
from pathlib import Path

import numpy as np
import onnxruntime

from speechgan.errors import SpeechganError
from speechgan.inference.frames import Spectrum
from speechgan.inference.model_folder import ONNX, find_model
from speechgan.inference.streaming import State, Stream


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
        self.session = session
        self.state: State = {
            part.name: np.zeros((channels, *part.shape[1:]), np.float32)
            for part in session.get_inputs()
            if part.name != "spectrum"
        }

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        frames = spectrum.view(np.float32).reshape(*spectrum.shape, 2)
        enhanced = np.empty_like(frames)
        for channel in range(len(frames)):
            here = slice(channel, channel + 1)
            state = {name: part[here] for name, part in self.state.items()}
            for frame in range(frames.shape[1]):
                now = slice(frame, frame + 1)
                feed = {"spectrum": frames[here, now], **state}
                enhanced[here, now], *after = self.session.run(None, feed)
                state = dict(zip(state, after, strict=True))
            for name, part in state.items():
                self.state[name][here] = part
        return enhanced.view(np.complex64)[..., 0]

    def finish(self) -> Spectrum:
        """Nothing is still to come."""
        return np.zeros((len(self.state["level"]), 0, 1), np.complex64)
