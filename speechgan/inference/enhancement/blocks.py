"""Generators that hear ahead, on long sounds: blocks that overlap, in bounded memory."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


class ContextBlocks:
    """A generator with context, on a stream of pieces; of each block the middle is kept.

    Args:
        generator: with `context`, the steps in time on each side that an output depends on, and
            `multiple`, of which lengths and beginnings of blocks must be multiples.
        length: least length of a block's middle, in steps.
        seed: of the latent z, for generators that take one.
    """

    def __init__(self, generator: Any, length: int, seed: int = 0) -> None:
        self.generator, self.seed = generator, seed
        self.multiple: int = generator.multiple
        self.context = _round_up(generator.context, self.multiple)
        # Shorter middles would spend more time on the context than on themselves.
        self.length = _round_up(max(length, 2 * self.context), self.multiple)
        self._buffer: Tensor | None = None
        self._origin = self._start = 0  # where the buffer, and what is still to come, begin

    def __call__(self, piece: Tensor) -> Tensor:
        """`(channel, ..., time)` to the steps that are ready, perhaps none."""
        self._buffer = piece if self._buffer is None else torch.cat([self._buffer, piece], -1)
        ready = [piece[..., :0]]
        while self._origin + self._buffer.shape[-1] >= self._start + self.length + self.context:
            reach = self._start + self.length + self.context - self._origin
            enhanced = self._generate(self._buffer[..., :reach])
            begin = self._start - self._origin
            ready.append(enhanced[..., begin : begin + self.length])
            self._start += self.length
            passed = max(0, self._start - self.context) - self._origin
            self._buffer = self._buffer[..., passed:]
            self._origin += passed
        return torch.cat(ready, -1)

    def finish(self) -> Tensor:
        """The steps that were still to come.

        Raises:
            ValueError: nothing was heard.
        """
        if self._buffer is None:
            raise ValueError("nothing was heard")
        begin, steps = self._start - self._origin, self._buffer.shape[-1]
        if begin >= steps:
            return self._buffer[..., :0]
        window = F.pad(self._buffer, (0, -steps % self.multiple))
        return self._generate(window)[..., begin:steps]

    def _generate(self, window: Tensor) -> Tensor:
        generator = self.generator
        if generator.z_channels == 0:
            result: Tensor = generator(window)
            return result
        first, columns = self._origin // self.multiple, window.shape[-1] // self.multiple
        z = draw_latent(first, columns, generator.z_channels, self.seed).to(window.device)
        # One z for all channels: what is alike left and right stays alike.
        result = generator(window, z.expand(len(window), -1, -1))
        return result


def draw_latent(first: int, columns: int, channels: int, seed: int) -> Tensor:
    """Standard normal z `(channels, columns)`: column `n` depends on `seed` and `n` alone."""
    drawn = [
        np.random.default_rng([seed, column]).standard_normal(channels, np.float32)
        for column in range(first, first + columns)
    ]
    return torch.from_numpy(np.stack(drawn, 1))


def _round_up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple
