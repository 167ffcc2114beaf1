"""The contract between a GAN and the trainer."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from speechgan.losses.adversarial import Objective

BatchT = TypeVar("BatchT")
T = TypeVar("T")


class Step(Generic[BatchT]):
    """One step of training; all players of a system share it.

    It caches what several players use, such as the enhanced speech of a batch: that is computed
    once, at its first use, whichever player moves first, and also in steps in which the generator
    does not move.

    Args:
        batch: what the data module made for this step.
        in_play: players that have entered the game; terms that need others are left out.
    """

    def __init__(self, batch: BatchT, in_play: Iterable[str]) -> None:
        self.batch = batch
        self.in_play = frozenset(in_play)
        self._kept: dict[str, Any] = {}

    def keep(self, name: str, value: T) -> T:
        """Keeps a value, without gradients, for the players after this one; returns it."""
        self._kept[name] = value
        return value

    def recall(self, name: str, make: Callable[[], T]) -> T:
        """What was kept under this name in this step; otherwise made now, without gradients."""
        if name not in self._kept:
            with torch.no_grad():
                self._kept[name] = make()
        kept: T = self._kept[name]
        return kept


class System(nn.Module):
    """Networks and losses of one GAN. Independent of devices, optimisers and files.

    In each step the trainer lets the players move in the order of `turns`: it gives gradients to
    the weights of the one whose turn it is, adds up the terms that `losses` returns for it, and
    steps its optimiser. When a player enters the game, how often it moves and how fast it learns
    are the trainer's configuration.

    Attributes:
        turns: the players, in the order in which they move. Mostly the generator is first, and its
            output is computed once, for the discriminators too; in most papers they move before it.
        generator: the network that is released.
        objective: form of the game, if there is one.
    """

    turns: tuple[str, ...]
    generator: nn.Module
    objective: Objective | None = None

    def __init__(self) -> None:
        super().__init__()
        self._observed: dict[str, Tensor] = {}

    def players(self) -> dict[str, Iterable[nn.Parameter]]:
        """The weights of each player; no weight belongs to two."""
        return {name: self.network_of(name).parameters() for name in self.turns}

    def network_of(self, player: str) -> nn.Module:
        """A player's network: the system's attribute of the player's name."""
        return self.get_submodule(player)

    def losses(self, player: str, step: Step[Any]) -> dict[str, Tensor]:
        """The weighted terms that the player minimises in this step, each by its name.

        Args:
            player: one of `turns`.
            step: the batch, the players in play, and what has been computed of the batch so far.
        """
        raise NotImplementedError  # an abstract method: every system has its own

    def forward(self, player: str, step: Step[Any]) -> dict[str, Tensor]:
        """`losses`, under the name that mixed precision and distributed wrappers call."""
        return self.losses(player, step)

    def infer(self, batch: Any) -> Any:
        """The output of the trained model for this batch."""
        raise NotImplementedError  # an abstract method: every system has its own

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Starts the generator from a trained model's weights instead of from random ones.

        A generator with a method `grow_from` may be larger than the model's.

        Raises:
            ValueError, RuntimeError: weights of another network.
        """
        grow: Callable[[Any], Any] = getattr(
            self.generator, "grow_from", self.generator.load_state_dict
        )
        grow(weights)

    def describe(self) -> list[str]:
        """For the model card: the system, each player as `name (network)`, the objective."""
        networks = (f"{name} ({type(self.network_of(name)).__name__})" for name in self.turns)
        return [type(self).__name__, *networks, *([self.objective.name] if self.objective else [])]

    def observe(self, name: str, value: Tensor | float) -> None:
        """Notes a figure for the log that is no player's loss, such as a mean score.

        It stays on its device: copying it from a GPU would wait for the GPU.
        """
        self._observed[name] = torch.as_tensor(value).detach().float()

    def observe_scores(self, scores: Mapping[str, Tensor]) -> None:
        """Notes a discriminator's mean scores by name."""
        for name, score in scores.items():
            self.observe(f"score/{name}", score)

    def observations(self) -> dict[str, Tensor]:
        """The figures noted since the last call."""
        observed, self._observed = self._observed, {}
        return observed
