"""Conversion without a vocoder: the source's waveform, filtered by the change of its envelope."""

import numpy as np
import pyworld

from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.vocoders.base import Original

# Limit of the filter's gain, as it would amplify noise where the source has no speech.
MOST_GAIN = 10 ** (24 / 20)


class SpectralDifference:
    """Differential conversion (Kobayashi et al. 2014), for speakers of about the same pitch.

    The waveform keeps its excitation, phase and pitch, and so sounds more natural than a vocoder's.
    Deliberate difference: the filter multiplies short-time spectra, with zero phase, where the
    paper's is an MLSA filter of mel-cepstra.

    Args:
        features: of the analysis.
    """

    takes_f0 = False

    def __init__(self, features: World) -> None:
        self.features, self.sample_rate = features, features.sample_rate

    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """The original's wave, filtered, to `(samples,)` float32.

        Raises:
            ValueError: no original.
        """
        if original is None:
            raise ValueError("spectral difference needs the original's wave")
        wave = original.wave[:samples]
        gain = np.sqrt(self._envelope(voice) / self._envelope(original.voice))
        limited = np.clip(gain.T, 1 / MOST_GAIN, MOST_GAIN).astype(np.float32)
        made = filter_frames(
            np.asarray(wave, np.float32), limited, self.features.hop_length, self.features.fft_size
        )
        return np.pad(made, (0, samples - len(made)))

    def _envelope(self, voice: Voice) -> np.ndarray:
        """Power `(frame, frequency)`."""
        rows = np.ascontiguousarray(voice.image.T, dtype=np.float64)
        envelope: np.ndarray = pyworld.decode_spectral_envelope(
            rows, self.sample_rate, self.features.fft_size
        )
        return envelope


def filter_frames(
    wave: np.ndarray, gains: np.ndarray, hop_length: int, fft_size: int
) -> np.ndarray:
    """Multiplies a wave's short-time spectra by gains.

    By overlap-add of Hann windows of half the transform's length, with room for the filters'
    responses.

    Args:
        wave: `(sample,)`.
        gains: `(frequency, frame)`; frame `n` is centred on `n * hop_length`.
        hop_length, fft_size: in samples.

    Returns:
        `(sample,)` float32.
    """
    length, frames = fft_size // 2, gains.shape[1]
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    needed = (frames - 1) * hop_length + length
    around = length // 2
    padded = np.pad(wave, (around, max(0, needed - around - len(wave))))
    made = np.zeros((frames - 1) * hop_length + fft_size, np.float32)
    weight = np.zeros_like(made)
    for frame, gain in enumerate(gains.T):
        start = frame * hop_length
        spectrum = np.fft.rfft(padded[start : start + length] * window, fft_size)
        filtered = np.fft.irfft(spectrum * gain, fft_size)
        made[start : start + length] += filtered[:length] * window
        weight[start : start + length] += window**2
    made /= np.maximum(weight, 1e-8)
    result: np.ndarray = made[around : around + len(wave)]
    return result
