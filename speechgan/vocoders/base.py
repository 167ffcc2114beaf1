"""What every vocoder does."""

from typing import Protocol

import numpy as np

from speechgan.features.voice import Voice


class Vocoder(Protocol):
    """From a voice to a wave.

    Attributes:
        sample_rate: of the wave, in hertz.
        takes_f0: whether pitch is what the voice's F0 says, rather than part of its image.
    """

    sample_rate: int
    takes_f0: bool

    def synthesise(self, voice: Voice, samples: int) -> np.ndarray:
        """A voice to `(samples,)` float32."""
        ...
