"""Griffin-Lim: iterative estimation of the phase of a magnitude spectrogram."""

import numpy as np
import torch
from torch import Tensor
from torchaudio.functional import griffinlim

from speechgan.features.mel import LogMel, MelVoice
from speechgan.features.voice import Voice
from speechgan.vocoders.base import Original

# Updates of the magnitudes; some dozens are enough, as bands overlap little.
UPDATES = 50


class GriffinLim:
    """Iterative phase estimation (Griffin & Lim 1984), with momentum (Perraudin et al. 2013).

    Before it, linear magnitudes are estimated from a log-mel image, by non-negative least squares.

    Args:
        features: of the analysis.
        iterations: of the phase.
        momentum: 0 is the original, 0.99 the fast variant.
    """

    takes_f0 = False

    def __init__(self, features: MelVoice, iterations: int = 32, momentum: float = 0.99) -> None:
        self.features, self.sample_rate = features, features.sample_rate
        self.iterations, self.momentum = iterations, momentum

    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """A voice, by its log-mel image, to `(samples,)` float32."""
        mel: LogMel = self.features.mel
        magnitude = unmel(torch.from_numpy(voice.image), mel.filters)
        return self.invert(magnitude, samples).numpy()

    def invert(self, magnitude: Tensor, samples: int) -> Tensor:
        """Linear magnitudes `(frequency, frame)` to `(samples,)`; the phase starts at zero.

        A random start would give another result on every call.
        """
        mel = self.features.mel
        # The inverse transform needs overlapping frames; a very short sound has only one.
        missing = max(0, mel.n_fft // mel.hop_length - magnitude.shape[1])
        magnitude = torch.nn.functional.pad(magnitude, (0, missing))
        wave = griffinlim(
            magnitude,
            mel.window,
            mel.n_fft,
            mel.hop_length,
            mel.n_fft,
            power=1.0,
            n_iter=self.iterations,
            momentum=self.momentum,
            length=None,
            rand_init=False,
        )[:samples]
        return torch.nn.functional.pad(wave, (0, samples - len(wave)))


def unmel(image: Tensor, filters: Tensor) -> Tensor:
    """Linear magnitudes `(frequency, frame)` of a log-mel image `(band, frame)`.

    Non-negative least squares by multiplicative updates (Lee & Seung 2001), which start from the
    transposed filters times the image.

    Args:
        image: natural logarithm of the bands' magnitudes.
        filters: of the bands, `(band, frequency)`.
    """
    mel = image.exp()
    magnitude = filters.T @ mel + 1e-8
    top, bottom = filters.T @ mel, filters.T @ filters
    for _ in range(UPDATES):
        magnitude = magnitude * top / (bottom @ magnitude + 1e-10)
    return magnitude
