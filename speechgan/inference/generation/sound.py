"""Synthesis of a sound from an image."""

import numpy as np

from speechgan.features.clip import MelClip
from speechgan.vocoders.base import Vocoder

# Level of the sounds, in dBFS.
LEVEL = -23.0


def sound_image(image: np.ndarray, features: MelClip, vocoder: Vocoder) -> np.ndarray:
    """The sound of an image, at the level `LEVEL` or, if it would clip, below.

    Args:
        image: `(bin, frame)` in [-1, 1].
        features: of its network's training.
        vocoder: one that fits them.

    Returns:
        `(sample,)` in [-1, 1].
    """
    wave = vocoder.synthesise(features.sound(image), image.shape[1] * features.hop_length)
    power = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
    gain = 10 ** (LEVEL / 20) / max(power, 1e-6)
    loud: np.ndarray = wave * min(gain, 0.99 / max(np.abs(wave).max(), 1e-6))
    return np.clip(loud, -1, 1)
