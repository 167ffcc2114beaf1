"""Complex masks on images."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F


def raise_to_floor(mask: Tensor, floor: float) -> Tensor:
    """Magnitudes `m` of a complex mask to `sqrt(m^2 + floor^2)`; phases stay."""
    square = mask.square().sum(1, keepdim=True)
    # 1e-3 bounds the gradient where a mask is almost 0, and its phase arbitrary.
    return mask * torch.sqrt((square + (floor**2 + 1e-3)) / (square + 1e-3))


def complex_product(a: Tensor, b: Tensor) -> Tensor:
    """Product of two complex images `(batch, 2, frequency, frame)`."""
    turned = torch.cat([-b[:, 1:], b[:, :1]], 1)
    return a[:, :1] * b + a[:, 1:] * turned


def neighbours(image: Tensor, frequencies: int, frames: int) -> Iterator[Tensor]:
    """The neighbours of each point of an image `(batch, 2, frequency, frame)`, zero outside.

    Args:
        image: complex.
        frequencies: furthest neighbours, in bins above and below.
        frames: furthest neighbours, in frames before and after.

    Yields:
        The image shifted by each of the `(2 frequencies + 1) (2 frames + 1) - 1` other offsets.
    """
    height, width = image.shape[2:]
    padded = F.pad(image, (frames, frames, frequencies, frequencies))
    for f in range(2 * frequencies + 1):
        for t in range(2 * frames + 1):
            if (f, t) != (frequencies, frames):
                yield padded[:, :, f : f + height, t : t + width]
