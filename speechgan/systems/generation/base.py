"""The base class of the systems that generate images."""

from dataclasses import dataclass

import torch
from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.image import ImageDiscriminator
from speechgan.models.discriminators.tokens import TokenDiscriminator
from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.models.generators.image_autoencoder import ImageAutoencoder
from speechgan.models.generators.image_search import ImageSearch
from speechgan.models.generators.music_vae import MusicVAE
from speechgan.models.generators.stacked import StackedGenerator
from speechgan.models.generators.token_sequence import TokenGenerator
from speechgan.systems.base import System

AnyAutoencoder = ImageAutoencoder | MusicVAE
AnyGenerator = ImageGenerator | AnyAutoencoder | ImageSearch | StackedGenerator | TokenGenerator
AnyDiscriminator = ImageDiscriminator | TokenDiscriminator


@dataclass(frozen=True)
class Wish:
    """The input of a generating system at inference.

    Attributes:
        code: `(batch, code)`, drawn from a standard normal distribution.
        labels: `(batch, 2)` numbers of digit and speaker.
    """

    code: Tensor
    labels: Tensor


class GenerationSystem(System):
    """A generator that is called with codes and labels.

    Args:
        generator: of images.
    """

    generator: AnyGenerator

    def __init__(self, generator: AnyGenerator) -> None:
        super().__init__()
        self.generator = generator

    def infer(self, batch: Wish) -> Tensor:
        """Images `(batch, 1, bin, frame)` in [-1, 1]."""
        made: Tensor = self.generator(batch.code, batch.labels)
        return made

    def draw(self, batch: LabelledBatch) -> Tensor:
        """New codes, one for each item of a batch."""
        return torch.randn(len(batch.image), self.generator.code, device=batch.image.device)
