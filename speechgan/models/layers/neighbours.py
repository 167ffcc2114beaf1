"""Frames stacked with their context, and nearest neighbours among frames."""

from collections.abc import Sequence

import torch
from torch import Tensor

# Queries compared at once, which bounds the memory of the distance matrix.
QUERIES = 512


def stack_context(image: Tensor, offsets: Sequence[int]) -> Tensor:
    """Stacks each frame's neighbours, `(..., bin, frame)` to `(..., frame, bin * offset)`.

    Args:
        image: of at least one frame; the first and the last are repeated outside of it.
        offsets: of the neighbours, in frames; 0 is the frame itself.
    """
    frames = torch.arange(image.shape[-1], device=image.device)
    # Not clamp(0, len(frames) - 1): tracing would make the number of frames a constant.
    places = [(frames + offset).clamp(min=0).minimum(frames[-1]) for offset in offsets]
    return torch.cat([image[..., place] for place in places], -2).transpose(-1, -2)


def find_nearest(queries: Tensor, known: Tensor, count: int = 1) -> Tensor:
    """The `known` nearest to each query, by Euclidean distance, the nearest first.

    Args:
        queries: `(query, feature)`.
        known: `(known, feature)`.
        count: how many; all of them where there are less.

    Returns:
        `(query, count)` rows of `known`.
    """
    count = min(count, len(known))
    parts = [
        torch.cdist(part, known).topk(count, dim=1, largest=False).indices
        for part in queries.split(QUERIES)
    ]
    return torch.cat(parts)
