"""A recording as features for conversion, and the protocol of their analysis."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

# Frames so far below the loudest one, in dB, hold no speech.
SILENCE_BELOW = 40.0
# Digital silence is -100 dB or less, whatever the features; speech is analysed at -26 dBFS.
SILENCE = -95.0


@dataclass(frozen=True)
class Voice:
    """The features of a recording; F0 and aperiodicity are None where the image includes them.

    Attributes:
        image: `(bin, frame)` float32 that networks convert: mel-cepstrum or log-mel spectrogram.
        loudness: `(frame,)` dB.
        f0: `(frame,)` Hz, 0 where unvoiced.
        aperiodicity: `(band, frame)` dB, 0 where there is nothing but noise.
    """

    image: np.ndarray
    loudness: np.ndarray
    f0: np.ndarray | None = None
    aperiodicity: np.ndarray | None = None

    def __len__(self) -> int:
        return self.image.shape[1]

    def with_image(self, image: np.ndarray) -> "Voice":
        """The same pitch and aperiodicity with another image."""
        return replace(self, image=np.ascontiguousarray(image, dtype=np.float32))

    def with_f0(self, f0: np.ndarray) -> "Voice":
        """The same image and aperiodicity at another pitch."""
        return replace(self, f0=f0)

    def cut(self, frames: slice) -> "Voice":
        """Some of the frames, in their order."""
        f0, noise = self.f0, self.aperiodicity
        return Voice(
            self.image[:, frames],
            self.loudness[frames],
            None if f0 is None else f0[frames],
            None if noise is None else noise[:, frames],
        )

    @classmethod
    def join(cls, voices: Sequence["Voice"]) -> "Voice":
        """Concatenates voices, at least one, of the same features."""
        f0 = [v.f0 for v in voices if v.f0 is not None]
        noise = [v.aperiodicity for v in voices if v.aperiodicity is not None]
        return cls(
            np.concatenate([v.image for v in voices], 1),
            np.concatenate([v.loudness for v in voices]),
            np.concatenate(f0) if f0 else None,
            np.concatenate(noise, 1) if noise else None,
        )

    def find_speech(self) -> np.ndarray:
        """Which frames are speech, `(frame,)` bool: at most `SILENCE_BELOW` dB under the loudest.

        In a sound that is silent throughout, no frame is speech.
        """
        return self.loudness > max(SILENCE, self.loudness.max(initial=SILENCE) - SILENCE_BELOW)


class VoiceFeatures(Protocol):
    """Analysis of a wave as a `Voice`.

    Attributes:
        sample_rate: in hertz.
        bins: height of the image.
        hop_length: samples between frames.
        settings: all that the result depends on, for names in a cache.
        vocoders: names of those that can synthesise it, the best one first.
    """

    sample_rate: int
    vocoders: tuple[str, ...]

    @property
    def bins(self) -> int: ...

    @property
    def hop_length(self) -> int: ...

    @property
    def settings(self) -> dict[str, object]: ...

    def analyse(self, wave: np.ndarray) -> Voice:
        """`(sample,)`, full scale at ±1, to a voice of `sample // hop_length + 1` frames."""
        ...

    def warp(self, factors: np.ndarray) -> np.ndarray:
        """Matrices that warp an image's frequency axis, as another vocal tract length does.

        Args:
            factors: `(batch,)`; 1000 Hz is mapped to 1000 Hz times the factor.

        Returns:
            `(batch, bin, bin)` float32, to be multiplied by images `(batch, bin, frame)` from the
            left.
        """
        ...
