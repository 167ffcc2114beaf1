"""A U-Net that predicts a real-valued mask of speech."""

from typing import Any

import torch
from torch import Tensor

from speechgan.models.generators.unet import SpectrogramUNet


class SaliencyUNet(SpectrogramUNet):
    """`SpectrogramUNet` whose mask is a map: for each point of the image the share of speech.

    It ends in a sigmoid, as SalGAN's generator (Pan et al. 2017, arXiv:1701.01081); like an ideal
    ratio mask it is a factor of uncompressed magnitudes.

    Args:
        power: of the image, as of `Stft`.
        settings: of `SpectrogramUNet`.
    """

    mask_channels = 1

    def __init__(self, power: float = 0.3, **settings: Any) -> None:
        super().__init__(**settings)
        self.power = power

    def forward(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """The image times its map; arguments as of `SpectrogramUNet`."""
        return self.weigh(self.draw_map(image, z), image)

    def draw_map(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """`(batch, 1, frequency, frame)`, in [0, 1]; arguments as of `SpectrogramUNet`."""
        # In half precision a sigmoid saturates early.
        return torch.sigmoid(self.draw_mask(image, z).float())

    def weigh(self, saliency: Tensor, image: Tensor) -> Tensor:
        """The compressed image `(batch, 2, frequency, frame)`, its magnitudes scaled by a map."""
        return saliency**self.power * image
