"""Two U-Nets, one after the other: a coarse image, then the full one."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.generators.unet import SpectrogramUNet
from speechgan.models.layers.mask import complex_product


class TwoStageUNet(nn.Module):
    """A U-Net at half the resolution estimates a coarse image, a second one refines it.

    As in StackGAN (Zhang et al. 2017, arXiv:1612.03242) the second stage sees the condition and the
    coarse image, and the first gets no gradient from it. In pix2pixHD, which translates images in
    that way (Wang et al. 2018, arXiv:1711.11585), the second sees features of the first, and both
    are finally trained together. Deliberate difference: as in `SpectrogramUNet`, each stage
    predicts a complex mask on the noisy image; the coarse one has one value for 2 x 2 points.

    Args:
        bins: frequencies of the image.
        coarse_widths, widths: channels on the way down, of the first stage and of the second.
    """

    reads = "image"
    causal = False
    level_invariant = False
    z_channels = 0

    def __init__(
        self,
        bins: int = 257,
        coarse_widths: tuple[int, ...] = (32, 64, 128, 256, 256),
        widths: tuple[int, ...] = (32, 64, 128, 256, 256, 256),
    ) -> None:
        super().__init__()
        self.coarse = SpectrogramUNet(bins // 2 + 1, coarse_widths)
        self.fine = SpectrogramUNet(bins, widths, channels=4)
        self.multiple = max(2 * self.coarse.multiple, self.fine.multiple)
        self.context = 2 * self.coarse.context + self.fine.context

    def forward(self, image: Tensor) -> Tensor:
        """Noisy to enhanced, `(batch, 2, frequency, frame)`."""
        return self.stages(image)[1]

    def stages(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The coarse image and the full one, each of the input's shape."""
        coarse = self.draw_coarse(image)
        seen = torch.cat([image, coarse.detach()], 1)
        return coarse, complex_product(2 * torch.tanh(self.fine.draw_mask(seen)), image)

    def draw_coarse(self, image: Tensor) -> Tensor:
        """The output of the first stage alone."""
        bins, frames = image.shape[-2:]
        # The pooling needs even sizes.
        even = F.pad(image, (0, frames % 2, 0, bins % 2))
        mask = self.coarse.draw_mask(F.avg_pool2d(even, 2))
        mask = F.interpolate(mask, scale_factor=2, mode="nearest")[..., :bins, :frames]
        return complex_product(2 * torch.tanh(mask), image)
