"""No vocoder at all: the source's own waveform, filtered by what the envelope changed."""

import numpy as np
import pyworld
import torch

from speechgan.features.voice import Voice
from speechgan.features.world import World

# Of the filter in each frame: what lies below the source's noise cannot be raised to speech.
MOST_GAIN = 10 ** (24 / 20)


class SpectralDifference:
    """Differential conversion (Kobayashi et al. 2014): where pitch need not change.

    The waveform keeps its excitation, phase and pitch, and with them a naturalness that no vocoder
    gives back; for speakers of about the same pitch. Deliberate difference: the filter acts on
    short-time spectra, without phase, where the paper's is an MLSA filter of mel-cepstra.

    Args:
        features: that made the voices.
    """

    takes_f0 = False

    def __init__(self, features: World) -> None:
        self.features, self.sample_rate = features, features.sample_rate

    def synthesise(self, voice: Voice, samples: int) -> np.ndarray:
        """There is nothing to synthesise from without the source's waveform; see `filter`.

        Raises:
            ValueError: always.
        """
        raise ValueError("spectral difference needs the source's waveform")

    def filter(self, wave: np.ndarray, before: Voice, after: Voice) -> np.ndarray:
        """A source `(sample,)` to the same length.

        Args:
            wave: what `before` was analysed from.
            before, after: the source's voice, and what it was converted to.
        """
        gain = np.sqrt(self._envelope(after) / self._envelope(before))
        hop, length = self.features.hop_length, self.features.fft_size
        window = torch.hann_window(length // 2)
        settings = {"n_fft": length, "hop_length": hop, "win_length": length // 2, "window": window}
        spectrum = torch.stft(
            torch.from_numpy(np.asarray(wave, np.float32)),
            pad_mode="constant",
            return_complex=True,
            **settings,  # type: ignore[arg-type]  # a mixed dict
        )
        limited = np.clip(gain.T, 1 / MOST_GAIN, MOST_GAIN).astype(np.float32)
        filtered = spectrum * torch.from_numpy(limited)
        made: torch.Tensor = torch.istft(filtered, length=len(wave), **settings)  # type: ignore[arg-type]
        return made.numpy()

    def _envelope(self, voice: Voice) -> np.ndarray:
        """Power `(frame, frequency)`."""
        rows = np.ascontiguousarray(voice.image.T, dtype=np.float64)
        envelope: np.ndarray = pyworld.decode_spectral_envelope(
            rows, self.sample_rate, self.features.fft_size
        )
        return envelope
