"""Frames with those around them, and which frames of others are most alike."""

from collections.abc import Sequence

import torch
from torch import Tensor

# Queries that are compared at once: bounds the memory of the table of distances.
QUERIES = 512


def stack_context(image: Tensor, offsets: Sequence[int]) -> Tensor:
    """Each frame beside its neighbours, `(..., bin, frame)` to `(..., frame, bin * offset)`.

    Args:
        image: of at least one frame; the first and the last go on outside of it.
        offsets: of the neighbours, in frames; 0 is the frame itself.
    """
    frames = torch.arange(image.shape[-1], device=image.device)
    # Not clamp(0, len(frames) - 1): a graph would keep the number of frames it was traced with.
    places = [(frames + offset).clamp(min=0).minimum(frames[-1]) for offset in offsets]
    return torch.cat([image[..., place] for place in places], -2).transpose(-1, -2)


def find_nearest(queries: Tensor, known: Tensor, count: int = 1) -> Tensor:
    """Which `known` are nearest to each query, by Euclidean distance, the nearest first.

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
