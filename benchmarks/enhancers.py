"""What benchmarks/enhance.py compares: speechgan's enhancers, and those that pip installs.

A system imports what it needs when it is made, so that a process pays for one of them only.
"""

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

RATE = 16000
Samples = NDArray[np.int16]
Step = Callable[[Samples], Samples]
OURS = ("torch", "onnx", "quality", "tiny")
"""Names of this package's own systems."""


class System(Protocol):
    """Takes the noise out of speech, 16-bit samples in and out."""

    @property
    def rate(self) -> int:
        """Of its streams, in Hz."""
        ...

    @property
    def hop(self) -> int | None:
        """Samples that a stream takes at a time; None where there are no streams."""
        ...

    def enhance(self, wave: Samples) -> Samples:
        """`(sample,)` at `RATE` to as many samples; they may lag behind the input."""
        ...

    def open(self) -> Step:
        """A stream: hop after hop of `(sample,)` at `rate` to the samples that are ready."""
        ...


class Speechgan:
    """A model of this package."""

    def __init__(self, model: str, engine: str) -> None:
        from speechgan import Enhancer

        self.enhancer = Enhancer.from_pretrained(model, device="cpu", threads=1, engine=engine)
        network: Any = self.enhancer.network
        self.rate: int = network.sample_rate
        self.hop: int | None = network.hop_length if network.causal else None

    def enhance(self, wave: Samples) -> Samples:
        return self.enhancer(wave, RATE)

    def open(self) -> Step:
        stream = self.enhancer.stream(self.rate)
        return lambda block: stream(block).astype(np.int16, copy=False)


class RNNoise:
    """Xiph's, frames of 10 ms at 48 kHz; speech of 16 kHz is resampled there and back."""

    rate, hop = 48000, 480

    def __init__(self) -> None:
        import soxr
        from pyrnnoise import rnnoise

        self.resample, self.library = soxr.resample, rnnoise

    def enhance(self, wave: Samples) -> Samples:
        wide = _run(self.open(), self.resample(wave, RATE, self.rate), self.hop)
        narrow: Samples = self.resample(wide, self.rate, RATE)[: len(wave)]
        return narrow

    def open(self) -> Step:
        state = self.library.create()

        def step(frame: Samples) -> Samples:
            enhanced: Samples = self.library.process_mono_frame(state, frame)[0]
            return enhanced

        weakref.finalize(step, self.library.destroy, state)
        return step


class WebRTC:
    """The noise suppression of WebRTC, frames of 10 ms, without its gain; 4 suppresses most.

    What is below 100 Hz is taken out too, and phases turn there, which SI-SDR counts as error.
    """

    rate, hop = RATE, 160

    def __init__(self, level: int) -> None:
        from webrtc_noise_gain import AudioProcessor

        self.start = lambda: AudioProcessor(0, level)

    def enhance(self, wave: Samples) -> Samples:
        return _run(self.open(), wave, self.hop)

    def open(self) -> Step:
        processor = self.start()
        return lambda frame: np.frombuffer(processor.Process10ms(frame.tobytes()).audio, np.int16)


class NoiseReduce:
    """Spectral gating (Sainburg et al. 2020), of a whole recording."""

    rate, hop = RATE, None

    def __init__(self, stationary: bool) -> None:
        from noisereduce import reduce_noise

        self.reduce_noise, self.stationary = reduce_noise, stationary

    def enhance(self, wave: Samples) -> Samples:
        gated = self.reduce_noise(_to_float(wave), RATE, stationary=self.stationary)
        return _to_samples(gated)

    def open(self) -> Step:
        raise NotImplementedError


class MmseLsa:
    """Ephraim & Malah's estimator, without training: benchmarks/baselines.py."""

    rate, hop = RATE, None

    def __init__(self) -> None:
        import baselines

        self.start = lambda: baselines.MmseLsa(RATE, channels=1)

    def enhance(self, wave: Samples) -> Samples:
        pieces = self.start().enhance([_to_float(wave)[None]], len(wave))
        return _to_samples(np.concatenate(list(pieces), axis=1)[0])

    def open(self) -> Step:
        raise NotImplementedError


@dataclass(frozen=True)
class Entry:
    """A system by name.

    Attributes:
        title: of its rows.
        load: makes it.
        package: that pip installs, of a peer.
    """

    title: str
    load: Callable[[], System]
    package: str | None = None


def list_systems(model: str = "default") -> dict[str, Entry]:
    """All systems by their names; `model` is the one that both engines run."""
    title = f"speechgan {Path(model).name}"
    return {
        "torch": Entry(f"{title} (torch)", lambda: Speechgan(model, "torch")),
        "onnx": Entry(f"{title} (onnx)", lambda: Speechgan(model, "onnx")),
        "quality": Entry("speechgan quality (torch)", lambda: Speechgan("quality", "torch")),
        "tiny": Entry("speechgan tiny (onnx)", lambda: Speechgan("tiny", "onnx")),
        "rnnoise": Entry("RNNoise", RNNoise, "pyrnnoise"),
        "webrtc-2": Entry("WebRTC, level 2", lambda: WebRTC(2), "webrtc_noise_gain"),
        "webrtc-3": Entry("WebRTC, level 3", lambda: WebRTC(3), "webrtc_noise_gain"),
        "webrtc-4": Entry("WebRTC, level 4", lambda: WebRTC(4), "webrtc_noise_gain"),
        "noisereduce": Entry("noisereduce", lambda: NoiseReduce(False), "noisereduce"),
        "noisereduce-stationary": Entry(
            "noisereduce, stationary", lambda: NoiseReduce(True), "noisereduce"
        ),
        "mmse-lsa": Entry("MMSE-LSA (no training)", MmseLsa),
    }


def _run(step: Step, wave: Samples, hop: int) -> Samples:
    """A whole wave hop by hop; the last one is filled up with silence."""
    filled = np.pad(wave, (0, -len(wave) % hop))
    made = [step(filled[start : start + hop]) for start in range(0, len(filled), hop)]
    return np.concatenate(made)[: len(wave)]


def _to_float(wave: Samples) -> NDArray[np.float32]:
    return wave.astype(np.float32) / np.float32(32768)


def _to_samples(wave: NDArray[np.floating[Any]]) -> Samples:
    return np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16)
