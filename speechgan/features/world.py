"""WORLD: a voice as pitch, spectral envelope and aperiodicity, each to be changed by itself."""

import numpy as np
import pyworld
import torch
from scipy.ndimage import median_filter
from torch import Tensor, nn

from speechgan.features.voice import Voice

# pyworld refuses less than one window; a shorter sound is analysed with silence after it.
SHORTEST_SECONDS = 0.05
# Voiced frames of a first pass that are too few to tell a range from.
FEW_VOICED = 20
DECIBELS = 10 / np.log(10)
# pyworld codes envelopes on this scale from this frequency, in hertz, upwards.
MEL = 1127.01048
LOWEST_ENVELOPE = 40.0


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
        return {"features": "world", "f0_range": "quartiles"} | {
            name: getattr(self, name) for name in names.split()
        }

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

    def warp(self, factors: Tensor) -> Tensor:
        """See `speechgan.features.voice.VoiceFeatures`."""
        lowest, highest = mel(LOWEST_ENVELOPE), mel(self.sample_rate / 2)
        points = self.fft_size // 2
        place = torch.arange(points, device=factors.device) / points
        hertz = 700 * torch.expm1((lowest + place * (highest - lowest)) / MEL)
        source = MEL * torch.log1p(hertz / factors[:, None] / 700)
        source = ((source - lowest) / (highest - lowest)).clamp(0, 1)
        order = torch.arange(self.coefficients, device=factors.device) * np.pi
        scale = torch.where(order > 0, 2**0.5, 1.0)

        def waves(place: Tensor) -> Tensor:
            return scale * torch.cos(order * (place[..., None] + 0.5 / points))

        return waves(place).mT @ waves(source) / points

    def find_f0(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """F0 of each frame in Hz, mended by `mend_octaves`, and the frames' times in seconds."""
        period = self.frame_period * 1000
        rough, times = pyworld.dio(
            wave, self.sample_rate, self.lowest_f0, self.highest_f0, frame_period=period
        )
        if self.f0 == "harvest":
            f0, times = pyworld.harvest(
                wave, self.sample_rate, *self._find_range(rough), frame_period=period
            )
        else:
            f0 = pyworld.stonemask(wave, rough, times, self.sample_rate)
        return mend_octaves(f0), times

    def _find_range(self, rough: np.ndarray) -> tuple[float, float]:
        """Where this voice's pitch lies, in Hz, of a first guess with 0 where unvoiced.

        Both faster and surer than to look everywhere: a range from the quartiles of a first pass
        (De Looze & Hirst 2008), wider than theirs for the sake of lively speech.
        """
        voiced = rough[rough > 0]
        if len(voiced) < FEW_VOICED:
            return self.lowest_f0, self.highest_f0
        low, high = np.quantile(voiced, [0.25, 0.75])
        return max(self.lowest_f0, low / 2), min(self.highest_f0, 2.5 * high)


def mel(hertz: float) -> float:
    """O'Shaughnessy's mel scale, as pyworld has it."""
    return MEL * float(np.log1p(hertz / 700))


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
