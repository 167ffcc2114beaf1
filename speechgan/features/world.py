"""WORLD: analysis of a voice as pitch, spectral envelope and aperiodicity."""

from dataclasses import replace

import numpy as np
import pyworld

from speechgan.features.pitch import ESTIMATORS, find_f0
from speechgan.features.voice import Voice

# pyworld refuses less than one window; a shorter sound is padded by silence.
SHORTEST_SECONDS = 0.05
DECIBELS = 10 / np.log(10)  # per unit of the natural logarithm of power
# Factor of pyworld's mel scale.
MEL = 1127.01048
# Lowest frequency of pyworld's coded envelopes, in hertz.
LOWEST_ENVELOPE = 40.0


class World:
    """Analysis of the WORLD vocoder (Morise et al. 2016); see `speechgan.vocoders.world`.

    The image is the mel-cepstrum of the spectral envelope, the orthonormal cosine transform of its
    log power on the mel scale; the first coefficient is the mean, the loudness.

    Args:
        sample_rate: in hertz.
        coefficients: of the mel-cepstrum, 24 to 60.
        frame_period: seconds between frames, rounded to a whole number of samples: 4.99 ms instead
            of 5 ms at 22.05 kHz.
        f0: estimator, one of `speechgan.features.pitch.ESTIMATORS`.
        lowest_f0, highest_f0: search range of F0, in hertz. With less than WORLD's own limit of 71
            DIO makes many octave errors.

    Raises:
        ValueError: an unknown estimator, or a number out of its range.
    """

    vocoders = ("world", "difference")

    def __init__(
        self,
        sample_rate: int = 16000,
        coefficients: int = 36,
        frame_period: float = 0.005,
        f0: str = "swift",
        lowest_f0: float = 71.0,
        highest_f0: float = 600.0,
    ) -> None:
        if f0 not in ESTIMATORS:
            raise ValueError(f"no F0 estimator {f0!r}; known: {', '.join(ESTIMATORS)}")
        if not 24 <= coefficients <= 60:
            raise ValueError(f"{coefficients} coefficients: must be 24 to 60")
        if not 8000 <= sample_rate <= 96000:
            raise ValueError(f"sample_rate {sample_rate}: must be 8000 to 96000 for WORLD")
        if not 0.001 <= frame_period <= 0.05:
            raise ValueError(f"frame_period {frame_period}: must be 0.001 to 0.05 s")
        if not 40 <= lowest_f0 < highest_f0 / 1.5 <= 1000:
            raise ValueError(f"F0 from {lowest_f0} to {highest_f0}: must lie in 40 to 1500 Hz")
        self.sample_rate, self.coefficients = sample_rate, coefficients
        self.hop_length = round(frame_period * sample_rate)
        # Not the requested period: frames of a long sound would drift from multiples of the hop.
        self.frame_period, self.f0 = self.hop_length / sample_rate, f0
        self.lowest_f0, self.highest_f0 = lowest_f0, highest_f0
        self.fft_size = pyworld.get_cheaptrick_fft_size(sample_rate)

    @property
    def bins(self) -> int:
        """Height of the image."""
        return self.coefficients

    @property
    def settings(self) -> dict[str, object]:
        """What the result depends on."""
        names = "sample_rate coefficients frame_period f0 lowest_f0 highest_f0"
        return {"features": "world", "f0_range": "quartiles"} | {
            name: getattr(self, name) for name in names.split()
        }

    def analyse(self, wave: np.ndarray) -> Voice:
        """`(sample,)`, full scale at ±1, to a voice of `sample // hop_length + 1` frames."""
        frames = len(wave) // self.hop_length + 1
        shortest = int(SHORTEST_SECONDS * self.sample_rate)
        wave = np.pad(wave.astype(np.float64), (0, max(0, shortest - len(wave))))
        f0 = self.find_f0(wave)
        # Estimators count frames in seconds, and may miss the last one by a rounding error.
        f0 = np.pad(f0, (0, max(0, frames - len(f0))), "edge")
        times = self.frame_period * np.arange(len(f0))
        envelope = pyworld.cheaptrick(wave, f0, times, self.sample_rate, fft_size=self.fft_size)
        noise = pyworld.d4c(wave, f0, times, self.sample_rate, fft_size=self.fft_size)
        mcep = pyworld.code_spectral_envelope(envelope, self.sample_rate, self.coefficients)
        image = np.ascontiguousarray(mcep[:frames].T, dtype=np.float32)
        aperiodicity = pyworld.code_aperiodicity(noise, self.sample_rate)[:frames].T
        return Voice(
            image,
            loudness=DECIBELS * image[0],
            f0=f0[:frames].astype(np.float32),
            aperiodicity=np.ascontiguousarray(aperiodicity, dtype=np.float32),
        )

    def amplify(self, voice: Voice, decibels: float) -> Voice:
        """The voice of the wave amplified by so many decibels."""
        image = voice.image.copy()
        image[0] += np.float32(decibels / DECIBELS)
        return replace(voice, image=image, loudness=voice.loudness + np.float32(decibels))

    def warp(self, factors: np.ndarray) -> np.ndarray:
        """See `speechgan.features.voice.VoiceFeatures`."""
        lowest, highest = mel(LOWEST_ENVELOPE), mel(self.sample_rate / 2)
        points = self.fft_size // 2
        place = np.arange(points) / points
        hertz = 700 * np.expm1((lowest + place * (highest - lowest)) / MEL)
        source = MEL * np.log1p(hertz / np.asarray(factors, np.float64)[:, None] / 700)
        source = np.clip((source - lowest) / (highest - lowest), 0, 1)
        order = np.arange(self.coefficients) * np.pi
        scale = np.where(order > 0, 2**0.5, 1.0)

        def waves(place: np.ndarray) -> np.ndarray:
            return scale * np.cos(order * (place[..., None] + 0.5 / points))

        matrices = waves(place).T @ waves(source) / points
        return matrices.astype(np.float32)

    def find_f0(self, wave: np.ndarray) -> np.ndarray:
        """F0 of each frame of `(sample,)` float64, in Hz; see `speechgan.features.pitch`."""
        return find_f0(
            self.f0, wave, self.sample_rate, self.frame_period, self.lowest_f0, self.highest_f0
        )


def mel(hertz: float) -> float:
    """O'Shaughnessy's mel scale, as pyworld has it."""
    return MEL * float(np.log1p(hertz / 700))
