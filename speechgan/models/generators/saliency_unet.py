"""A U-Net that draws a map of what is speech."""

from typing import Any

import torch
from torch import Tensor

from speechgan.models.generators.unet import SpectrogramUNet


class SaliencyUNet(SpectrogramUNet):
    """`SpectrogramUNet`, whose mask is a map: of each point of the image, how much is speech.

    It ends in a sigmoid, as SalGAN's generator does (Pan et al. 2017, arXiv:1701.01081), and like
    an ideal ratio mask is a factor of magnitudes as they are, uncompressed.

    Args:
        power: of the image, as of `Stft`.
        settings: of `SpectrogramUNet`.
    """

    mask_channels = 1

    def __init__(self, power: float = 0.3, **settings: Any) -> None:
        super().__init__(**settings)
        self.power = power

    def forward(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """What the map lets through; arguments as of `SpectrogramUNet`."""
        return self.weigh(self.draw_map(image, z), image)

    def draw_map(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """`(batch, 1, frequency, frame)`, in [0, 1]; arguments as of `SpectrogramUNet`."""
        # In half precision a sigmoid is 1 long before it should be.
        return torch.sigmoid(self.draw_mask(image, z).float())

    def weigh(self, saliency: Tensor, image: Tensor) -> Tensor:
        """The image `(batch, 2, frequency, frame)` with its magnitudes times a map."""
        return saliency**self.power * image
