"""Moving average of weights."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, distributed, nn

from speechgan.training import processes


class MovingAverage:
    """Exponential moving average of some weights (Polyak & Juditsky 1992; Karras et al. 2018).

    Means and variances that batch normalisation keeps are averaged like weights: those of the
    latest weights would not fit the averaged ones.

    The decay is lower early on, `(1 + n) / (10 + n)` after `n` updates, so that the start is
    forgotten.

    Args:
        weights: what to average.
        decay: share of the old average that is kept in an update; 0 follows the weights.
    """

    def __init__(self, weights: Sequence[Tensor], decay: float) -> None:
        self.current = weights
        self.decay = decay
        self.weights: list[Tensor] = [w.detach().clone() for w in weights]
        self.updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Takes in the weights as they are now."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates)) if self.decay else 0.0
        torch._foreach_lerp_(self.weights, [w.detach() for w in self.current], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the modules hold the averages in place of the weights."""
        kept = [w.detach().clone() for w in self.current]
        self._put(self.weights)
        try:
            yield
        finally:
            self._put(kept)

    def take_from_first(self) -> None:
        """Gives all processes the first one's: each has running statistics of its own batches."""
        if processes.count() > 1:
            for weight in self.weights:
                distributed.broadcast(weight, 0)

    def load(self, weights: Sequence[Tensor], updates: int) -> None:
        """Restores averages, and how often they were updated, from a checkpoint."""
        for own, given in zip(self.weights, weights, strict=True):
            own.copy_(given)
        self.updates = updates

    @torch.no_grad()
    def _put(self, values: Sequence[Tensor]) -> None:
        for weight, value in zip(self.current, values, strict=True):
            weight.copy_(value)


def running_statistics(system: nn.Module, weights: Iterable[Tensor]) -> list[Tensor]:
    """Running means and variances of those normalisation layers that own some of the weights."""
    own = {id(weight) for weight in weights}
    return [
        buffer
        for module in system.modules()
        if any(id(weight) in own for weight in module.parameters(recurse=False))
        for buffer in module.buffers(recurse=False)
        if buffer.is_floating_point()
    ]
