"""Statistics of a speaker: mean and deviation of the image and of log F0."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from speechgan.features.voice import Voice

# Floor of the deviation of log F0: a monotonous voice must not be stretched too much.
SMALLEST_LOG_F0_DEVIATION = 0.05


@dataclass(frozen=True)
class SpeakerStatistics:
    """Over the frames that are speech, of all recordings of a speaker together.

    Attributes:
        mean, deviation: `(bin,)` of the image.
        log_f0_mean: of the natural logarithm of F0 in Hz over voiced frames; NaN if there is none.
        log_f0_deviation: likewise, but within recordings: a converted sentence should vary as much
            as a sentence of the target, without the differences between calm and excited sentences.
    """

    mean: np.ndarray
    deviation: np.ndarray
    log_f0_mean: float
    log_f0_deviation: float

    @classmethod
    def measure(cls, voices: Sequence[Voice]) -> "SpeakerStatistics":
        """Statistics of recordings of one speaker; of all frames, where none is speech."""
        speech = np.concatenate([v.image[:, v.find_speech()] for v in voices], 1)
        if not speech.size:
            speech = np.concatenate([v.image for v in voices], 1)
        voiced = [v.f0[v.f0 > 0].astype(np.float64) for v in voices if v.f0 is not None]
        melodies = [np.log(f0) for f0 in voiced if len(f0)]
        mean = deviation = float("nan")
        if melodies:
            mean = float(np.concatenate(melodies).mean())
            within = np.concatenate([melody - melody.mean() for melody in melodies])
            deviation = max(float(within.std()), SMALLEST_LOG_F0_DEVIATION)
        return cls(speech.mean(1), np.maximum(speech.std(1), 1e-3), mean, deviation)

    def lean(self, others: Sequence["SpeakerStatistics"], share: float) -> "SpeakerStatistics":
        """Moved towards the mean of other speakers, for a voice with little data.

        Pitch stays: a mean over men and women suits nobody.

        Args:
            others: at least one.
            share: of the mean; 0 changes nothing.
        """
        mean = np.mean([o.mean for o in others], 0)
        deviation = np.mean([o.deviation for o in others], 0)
        return replace(
            self,
            mean=(1 - share) * self.mean + share * mean,
            deviation=(1 - share) * self.deviation + share * deviation,
        )

    def normalise(self, image: np.ndarray) -> np.ndarray:
        """`(bin, frame)` to mean 0 and deviation 1."""
        return (image - self.mean[:, None]) / self.deviation[:, None]

    def denormalise(self, image: np.ndarray) -> np.ndarray:
        """The inverse of `normalise`; given another speaker's normalised image, its conversion."""
        return image * self.deviation[:, None] + self.mean[:, None]

    def convert_f0(
        self, f0: np.ndarray, target: "SpeakerStatistics", semitones: float = 0.0
    ) -> np.ndarray:
        """This speaker's F0 to the target's by log-Gaussian normalisation (Liu et al. 2007).

        Args:
            f0: `(frame,)` Hz, 0 where unvoiced, which stays so.
            target: the target speaker's; if either speaker has no pitch, only `semitones` apply.
            semitones: added to the pitch.
        """
        voiced = f0 > 0
        log_f0 = np.log(np.where(voiced, f0, 1.0))
        if np.isfinite(self.log_f0_mean) and np.isfinite(target.log_f0_mean):
            spread = target.log_f0_deviation / self.log_f0_deviation
            log_f0 = (log_f0 - self.log_f0_mean) * spread + target.log_f0_mean
        return np.where(voiced, np.exp(log_f0 + semitones * np.log(2) / 12), 0.0).astype(f0.dtype)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON; None for unknown ones."""
        known = np.isfinite(self.log_f0_mean)
        return {
            "mean": [round(float(x), 5) for x in self.mean],
            "deviation": [round(float(x), 5) for x in self.deviation],
            "log_f0_mean": round(self.log_f0_mean, 5) if known else None,
            "log_f0_deviation": round(self.log_f0_deviation, 5) if known else None,
        }

    @classmethod
    def from_dict(cls, numbers: dict[str, Any]) -> "SpeakerStatistics":
        """Undoes `to_dict`.

        Raises:
            KeyError, TypeError, ValueError: numbers that it did not make.
        """
        log_f0 = [numbers[key] for key in ("log_f0_mean", "log_f0_deviation")]
        mean, deviation = (np.asarray(numbers[k], np.float32) for k in ("mean", "deviation"))
        if mean.ndim != 1 or mean.shape != deviation.shape or not (deviation > 0).all():
            raise ValueError(
                "mean and deviation must be lists of equal length, the latter positive"
            )
        return cls(mean, deviation, *(float("nan") if x is None else float(x) for x in log_f0))
