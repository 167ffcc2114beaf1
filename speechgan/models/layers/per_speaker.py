"""A network of its own for each speaker."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def send_to_own(networks: Sequence[Callable[[Tensor], Tensor]], x: Tensor, own: Tensor) -> Tensor:
    """Each item of a batch through the network of its number.

    Args:
        networks: one for each number.
        x: `(batch, ...)`.
        own: `(batch,)` numbers.

    Returns:
        The networks' outputs `(batch, ...)`, in the order of the items.
    """
    if torch.jit.is_tracing():
        # A traced graph cannot branch: every network runs, and one result is selected.
        made = torch.stack([network(x) for network in networks], 1)
        return made[torch.arange(len(x)), own]
    numbers = own.tolist()
    if len(set(numbers)) == 1:
        return networks[numbers[0]](x)
    parts = {n: iter(networks[n](x[own == n])) for n in sorted(set(numbers))}
    return torch.stack([next(parts[n]) for n in numbers])


class PerSpeaker(nn.Module):
    """One network a speaker.

    Args:
        build: makes one.
        speakers: how many.
    """

    def __init__(self, build: Callable[[], nn.Module], speakers: int) -> None:
        super().__init__()
        self.of = nn.ModuleList(build() for _ in range(speakers))

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, channel, time)` and `(batch,)` to the outputs of the speakers' networks."""
        return send_to_own(list(self.of), x, speaker)
