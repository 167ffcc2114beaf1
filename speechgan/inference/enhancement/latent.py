"""The latent z of generators that draw one of several plausible results."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from speechgan.inference.enhancement.rounds import Ask


def draw_for_all(generator: Any, asks: Sequence[Ask], seed: int) -> tuple[Tensor, ...]:
    """As `draw_z`, for windows of several sounds, each at its own place in its sound."""
    drawn = [draw_z(generator, ask.first, ask.given.shape[:2], seed) for ask in asks]
    return tuple(torch.cat(parts) for parts in zip(*drawn, strict=True))


def draw_z(generator: Any, first: int, shape: tuple[int, int], seed: int) -> tuple[Tensor, ...]:
    """What a generator is to be given besides a window: z, or nothing if it takes none.

    Args:
        generator: with `z_channels` and `multiple`, the steps of time for each column of z.
        first: steps of the sound before the window.
        shape: channels and steps of the window. All channels share one z: what is alike left and
            right stays so.
        seed: another seed, another plausible result.

    Returns:
        `(channel, z_channel, column)`, on the generator's device.
    """
    if not generator.z_channels:
        return ()
    channels, steps = shape
    start, columns = first // generator.multiple, steps // generator.multiple
    z = torch.from_numpy(draw_latent(start, columns, generator.z_channels, seed))
    device = next(generator.parameters()).device
    return (z.to(device).expand(channels, -1, -1),)


def draw_latent(first: int, columns: int, channels: int, seed: int) -> np.ndarray:
    """Standard normal z `(channels, columns)`: column `n` depends on `seed` and `n` alone."""
    drawn = [
        np.random.default_rng([seed, column]).standard_normal(channels, np.float32)
        for column in range(first, first + columns)
    ]
    return np.stack(drawn, 1)
