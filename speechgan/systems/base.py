"""The contract between a GAN and the trainer."""

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn


class System(nn.Module):
    """Networks and losses of one GAN. Knows no device, no optimiser, no file.

    In each step the trainer lets the players move in the order of `turns`: it gives gradients to
    the weights of the one whose turn it is, adds up the terms that `losses` returns for him, and
    steps his optimiser. When a player enters the game, how often he moves and how fast he learns
    are the trainer's configuration.
    """

    turns: tuple[str, ...]

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        """Who owns which weights; no weight has two owners."""
        raise NotImplementedError  # an abstract method: every system has its own

    def losses(self, player: str, batch: Any, in_play: frozenset[str]) -> dict[str, Tensor]:
        """The weighted terms that the player is to lower on this batch, each by its name.

        Args:
            player: whose turn it is.
            batch: what the data module makes.
            in_play: players that have entered the game; terms judged by others are left out.
        """
        raise NotImplementedError  # an abstract method: every system has its own

    def infer(self, batch: Any) -> Any:
        """What the user of the trained model gets for this batch."""
        raise NotImplementedError  # an abstract method: every system has its own

    def observations(self) -> dict[str, float]:
        """Figures worth a log line that nobody lowers, of the last step; empties the list."""
        return {}
