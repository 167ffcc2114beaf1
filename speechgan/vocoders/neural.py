"""The neural vocoder."""

import numpy as np
import torch

from speechgan.features.mel import MelVoice
from speechgan.features.voice import Voice
from speechgan.models.vocoders.vocos import Vocos
from speechgan.vocoders.base import Original


class NeuralVocoder:
    """A trained `Vocos`.

    Args:
        features: of the analysis, with the same settings as in training.
        generator: with its weights, in evaluation mode.
    """

    takes_f0 = False

    def __init__(self, features: MelVoice, generator: Vocos) -> None:
        self.features, self.sample_rate = features, features.sample_rate
        self.generator = generator

    @torch.no_grad()
    def synthesise(
        self, voice: Voice, samples: int, original: Original | None = None
    ) -> np.ndarray:
        """A voice, by its log-mel image, to `(samples,)` float32."""
        device = next(self.generator.parameters()).device
        image = torch.from_numpy(voice.image).to(device)[None, None]
        missing = max(0, self.generator.n_fft // self.generator.hop_length - image.shape[-1])
        image = torch.nn.functional.pad(image, (0, missing, 0, 0), mode="replicate")
        wave = self.generator(image)[0, :samples].float().cpu().numpy()
        return np.pad(wave, (0, samples - len(wave)))
