"""Distance of normalised images whose bins count by their deviations."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class BinDistance(nn.Module):
    """L1 distance of images that are normalised by deviations, with a weight for each bin.

    Args:
        deviation: `(bin,)` that the images were normalised by; None for 1 everywhere.
        emphasis: exponent on the deviation in the weight of a bin. With 0 all bins count alike in
            deviations, with 1 in decibels, so that the code is not spent on inaudible detail.
    """

    def __init__(self, deviation: Sequence[float] | None = None, emphasis: float = 0.0) -> None:
        super().__init__()
        weights = torch.tensor(deviation if deviation is not None else [1.0])[:, None] ** emphasis
        self.register_buffer("importance", weights / weights.mean(), persistent=False)
        self.importance: Tensor

    def forward(self, made: Tensor, image: Tensor) -> Tensor:
        """Images `(batch, 1, bin, frame)` to a scalar."""
        return (self.importance * (made - image)).abs().mean()
