"""WORLD: a voice as pitch, spectral envelope and aperiodicity, each to be changed by itself."""

import numpy as np
import pyworld
from scipy.ndimage import median_filter
from torch import nn

from speechgan.features.voice import Voice

# pyworld refuses less than one window; a shorter sound is analysed with silence after it.
SHORTEST_SECONDS = 0.05
DECIBELS = 10 / np.log(10)


class World(nn.Module):
    """Analysis of the WORLD vocoder (Morise et al. 2016); see `speechgan.vocoders.world`.

    The image is the mel-cepstrum of the spectral envelope, of whose log power on the mel scale
    it is the orthonormal cosine transform; its first coefficient is the mean, the loudness. Has no
    weights.

    Args:
        sample_rate: in hertz.
        coefficients: of the mel-cepstrum, 24 to 60.
        frame_period: seconds between frames.
        f0: `harvest` (Morise 2017), or `dio` with StoneMask: many times faster, less sure of
            creaky and noisy voices.
        lowest_f0, highest_f0: range that pitch is looked for in, in hertz. Below WORLD's own limit
            of 71, DIO takes many a frame for an octave lower than it is.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        coefficients: int = 36,
        frame_period: float = 0.005,
        f0: str = "harvest",
        lowest_f0: float = 71.0,
        highest_f0: float = 600.0,
    ) -> None:
        super().__init__()
        if f0 not in ("harvest", "dio"):
            raise ValueError(f"no F0 estimator {f0!r}; known: harvest, dio")
        if not 24 <= coefficients <= 60:
            raise ValueError(f"{coefficients} coefficients: must be 24 to 60")
        self.sample_rate, self.coefficients = sample_rate, coefficients
        self.frame_period, self.f0 = frame_period, f0
        self.lowest_f0, self.highest_f0 = lowest_f0, highest_f0
        self.fft_size = pyworld.get_cheaptrick_fft_size(sample_rate)

    @property
    def bins(self) -> int:
        """Height of the image."""
        return self.coefficients

    @property
    def hop_length(self) -> int:
        """Samples between frames."""
        return round(self.frame_period * self.sample_rate)

    @property
    def settings(self) -> dict[str, object]:
        """What the result depends on."""
        names = "sample_rate coefficients frame_period f0 lowest_f0 highest_f0"
        return {"features": "world"} | {name: getattr(self, name) for name in names.split()}

    def analyse(self, wave: np.ndarray) -> Voice:
        """`(sample,)`, full scale at ±1, to a voice of `sample // hop_length + 1` frames."""
        frames = len(wave) // self.hop_length + 1
        shortest = int(SHORTEST_SECONDS * self.sample_rate)
        wave = np.pad(wave.astype(np.float64), (0, max(0, shortest - len(wave))))
        f0, times = self.find_f0(wave)
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

    def find_f0(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F0 of each frame in Hz, mended by `mend_octaves`, and the frames' times in seconds."""
        limits = {"f0_floor": self.lowest_f0, "f0_ceil": self.highest_f0}
        period = self.frame_period * 1000
        if self.f0 == "harvest":
            f0, times = pyworld.harvest(wave, self.sample_rate, frame_period=period, **limits)
        else:
            f0, times = pyworld.dio(wave, self.sample_rate, frame_period=period, **limits)
            f0 = pyworld.stonemask(wave, f0, times, self.sample_rate)
        return mend_octaves(f0), times


def mend_octaves(f0: np.ndarray, around: int = 51, limit: float = 0.8) -> np.ndarray:
    """Brings jumps of an octave back to where the voice was.

    A voiced frame further than `limit` octaves from the median of the voiced frames around it
    is moved by whole octaves; one that is still further is called unvoiced.

    Args:
        f0: `(frame,)` Hz, 0 where unvoiced.
        around: voiced frames that the median is taken of.
        limit: in octaves.
    """
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) < 3:
        return f0
    octaves = np.log2(f0[voiced])
    usual = median_filter(octaves, min(around, len(octaves)), mode="nearest")
    away = octaves - usual
    moved = np.where(np.abs(away) > limit, octaves - np.round(away), octaves)
    mended = np.zeros_like(f0)
    mended[voiced] = np.where(np.abs(moved - usual) <= limit, 2.0**moved, 0.0)
    return mended
