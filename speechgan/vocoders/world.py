"""The WORLD vocoder: pulses and noise, filtered by the envelope."""

import numpy as np
import pyworld

from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.vocoders.base import Original


class WorldVocoder:
    """Synthesis of the WORLD vocoder (Morise et al. 2016).

    Args:
        features: of the analysis.
    """

    takes_f0 = True

    def __init__(self, features: World) -> None:
        self.features, self.sample_rate = features, features.sample_rate

    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """A voice to `(samples,)` float32.

        Raises:
            ValueError: a voice without F0 or aperiodicity, not analysed by WORLD.
        """
        if voice.f0 is None or voice.aperiodicity is None:
            raise ValueError("WORLD needs F0 and aperiodicity")
        rate, fft_size = self.sample_rate, self.features.fft_size
        envelope = pyworld.decode_spectral_envelope(_rows(voice.image), rate, fft_size)
        noise = pyworld.decode_aperiodicity(_rows(voice.aperiodicity), rate, fft_size)
        wave = pyworld.synthesize(
            voice.f0.astype(np.float64), envelope, noise, rate, self.features.frame_period * 1000
        )
        wave = wave[:samples].astype(np.float32)
        return np.pad(wave, (0, samples - len(wave)))


def _rows(image: np.ndarray) -> np.ndarray:
    """`(bin, frame)` to `(frame, bin)` in double precision, as pyworld needs it."""
    return np.ascontiguousarray(image.T, dtype=np.float64)
