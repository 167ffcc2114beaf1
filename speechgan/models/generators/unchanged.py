"""No network at all."""

from torch import Tensor, nn


class Unchanged(nn.Module):
    """Leaves the normalised image as it is: mean, deviation and pitch alone are converted."""

    multiple = 1
    needs_source = False

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` as it is."""
        return image
