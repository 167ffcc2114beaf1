"""Images that a discriminator scores high, found by gradient ascent."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.models.layers.dcgan import Trunk, coarse_shape, init_weights


class ImageSearch(nn.Module):
    """A discriminator that generates images by gradient ascent on its own score, from noise.

    A fixed number of steps, always started from new noise, as in Nijkamp et al. 2019
    (arXiv:1904.09770). Deliberate differences: no noise is added in the steps, so that the code
    determines the image; the mean absolute change of a step is prescribed, falling linearly to 0,
    whatever the norm of the gradient; and nothing is normalised over the batch, so that an image
    does not depend on the others.

    Called like `ImageGenerator`, it generates, and ignores labels; its code is the image that the
    search starts from.

    Args:
        bins, frames: size of the image.
        widths: channels of the trunk.
        steps: of a search.
        stride: mean movement of a point in the first step.
    """

    def __init__(
        self,
        bins: int = 80,
        frames: int = 64,
        widths: Sequence[int] = (32, 64, 128, 256),
        steps: int = 20,
        stride: float = 0.1,
    ) -> None:
        super().__init__()
        self.shape, self.code = (bins, frames), bins * frames
        self.digits = self.speakers = 0
        self.steps, self.stride = steps, stride
        self.trunk = Trunk(widths, normalised=False)
        self.leave = nn.Conv2d(widths[-1], 1, coarse_shape(bins, frames, len(widths)))
        self.leave.apply(init_weights)

    def score(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` to scores `(batch,)`, high for real."""
        score: Tensor = self.leave(self.trunk(image)[-1]).flatten()
        return score

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)`, and labels, which are ignored, to an image.

        Returns:
            `(batch, 1, bin, frame)` in [-1, 1], without gradients.
        """
        image = code.detach().unflatten(1, (1, *self.shape)).clamp(-1, 1)
        for step in range(self.steps):
            with torch.enable_grad():
                image.requires_grad_()
                [slope] = torch.autograd.grad(self.score(image).sum(), image)
            size = slope.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
            stride = self.stride * (1 - step / self.steps)
            image = (image.detach() + stride * slope / size).clamp(-1, 1)
        return image
