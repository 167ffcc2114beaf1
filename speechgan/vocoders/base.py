"""The protocol of vocoders."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from speechgan.features.voice import Voice


@dataclass(frozen=True)
class Original:
    """The source of a conversion.

    Attributes:
        wave: `(sample,)`.
        voice: its analysis.
    """

    wave: np.ndarray
    voice: Voice


class Vocoder(Protocol):
    """From a voice to a wave.

    Attributes:
        sample_rate: of the wave, in hertz.
        takes_f0: whether the pitch comes from the voice's F0, not from its image.
    """

    sample_rate: int
    takes_f0: bool

    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """A voice to `(samples,)` float32; most vocoders do not need the original."""
        ...
