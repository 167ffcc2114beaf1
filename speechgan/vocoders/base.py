"""What every vocoder does."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from speechgan.features.voice import Voice


@dataclass(frozen=True)
class Original:
    """What a voice was converted from.

    Attributes:
        wave: `(sample,)`.
        voice: analysed from it.
    """

    wave: np.ndarray
    voice: Voice


class Vocoder(Protocol):
    """From a voice to a wave.

    Attributes:
        sample_rate: of the wave, in hertz.
        takes_f0: whether pitch is what the voice's F0 says, rather than part of its image.
    """

    sample_rate: int
    takes_f0: bool

    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """A voice to `(samples,)` float32; most vocoders need nothing of the original."""
        ...
