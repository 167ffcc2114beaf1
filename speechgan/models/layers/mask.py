"""Complex masks on images."""

import torch
from torch import Tensor


def raise_to_floor(mask: Tensor, floor: float) -> Tensor:
    """Magnitudes `m` of a complex mask to `sqrt(m^2 + floor^2)`; phases stay."""
    square = mask.square().sum(1, keepdim=True)
    # Where a mask is next to nothing its phase is arbitrary, and must not have a steep gradient.
    return mask * torch.sqrt((square + (floor**2 + 1e-3)) / (square + 1e-3))


def complex_product(a: Tensor, b: Tensor) -> Tensor:
    """Product of two complex images `(batch, 2, frequency, frame)`."""
    turned = torch.cat([-b[:, 1:], b[:, :1]], 1)
    return a[:, :1] * b + a[:, 1:] * turned
