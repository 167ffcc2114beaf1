"""No vocoder at all: the source's own waveform, filtered by what the envelope changed."""

import numpy as np
import pyworld
import torch

from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.vocoders.base import Original

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
        hop, length = self.features.hop_length, self.features.fft_size
        window = torch.hann_window(length // 2)
        spectrum = torch.stft(
            torch.from_numpy(np.asarray(wave, np.float32)),
            length,
            hop,
            length // 2,
            window,
            pad_mode="constant",
            return_complex=True,
        )
        limited = np.clip(gain.T, 1 / MOST_GAIN, MOST_GAIN).astype(np.float32)
        filtered = spectrum * torch.from_numpy(limited)
        made = torch.istft(filtered, length, hop, length // 2, window, length=len(wave))
        return np.pad(made.numpy(), (0, samples - len(wave)))

    def _envelope(self, voice: Voice) -> np.ndarray:
        """Power `(frame, frequency)`."""
        rows = np.ascontiguousarray(voice.image.T, dtype=np.float64)
        envelope: np.ndarray = pyworld.decode_spectral_envelope(
            rows, self.sample_rate, self.features.fft_size
        )
        return envelope
