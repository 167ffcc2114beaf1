"""What changes during a training run: weights, optimisers, counters."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim import Optimizer

from speechgan.pretrained.moved import rename_player, rename_system_weights
from speechgan.systems.base import Step, System
from speechgan.training import processes
from speechgan.training.average import MovingAverage, running_statistics
from speechgan.utils.errors import SpeechganError


class Run:
    """A system in training.

    Args:
        fabric: where it trains.
        system: what trains; its weights go to the fabric's device.
        optimizers: of each player, at their full learning rates.
        limits: greatest norm of each player's gradient; 0 for no limit.
        averaged: player whose weights are averaged.
        decay: of that moving average; 0 for none.
    """

    def __init__(
        self,
        fabric: Fabric,
        system: System,
        optimizers: Mapping[str, Optimizer],
        limits: Mapping[str, float],
        averaged: str,
        decay: float,
    ) -> None:
        self.fabric, self.system, self.limits = fabric, system, limits
        self.rates = {n: [g["lr"] for g in o.param_groups] for n, o in optimizers.items()}
        # Fabric's wrapper makes a call run in its precision and synchronises its gradients.
        self.game: Any
        self.game, *wrapped = fabric.setup(system, *optimizers.values())
        self.optimizers: dict[str, Any] = dict(zip(optimizers, wrapped, strict=True))
        weights = list(system.players()[averaged])
        self.average = MovingAverage([*weights, *running_statistics(system, weights)], decay)
        self.step = 0
        # They stay on the device, as all results of a step do: to read one waits for the device.
        self.skipped, self.skipped_in_a_row = torch.zeros(2, dtype=torch.long, device=fabric.device)
        self.best: dict[str, float] = {}
        self.sums: dict[str, list[Tensor]] = {}

    def play(self, batch: Any, in_play: frozenset[str], moving: frozenset[str]) -> None:
        """One step: each of the `moving` players moves once, in the order of the system's turns."""
        finite = torch.ones_like(self.skipped, dtype=torch.bool)
        step: Step[Any] = Step(batch, in_play)
        for player in self.system.turns:
            if player in moving:
                finite = finite & self._move(player, step)
        for name, figure in self.system.observations().items():
            self.note(name, figure)
        self.average.update()
        self.step += 1
        self.skipped = self.skipped + ~finite
        self.skipped_in_a_row = torch.where(finite, 0, self.skipped_in_a_row + 1)

    def _move(self, player: str, step: Step[Any]) -> Tensor:
        """Whether the player's gradient was finite; otherwise it moves as if that were zero."""
        optimizer = self.optimizers[player]
        with only(self.system, player):
            terms = self.game(player, step)
            optimizer.zero_grad()
            self.fabric.backward(torch.stack(list(terms.values())).sum())
            weights = [p for p in self.system.players()[player] if p.grad is not None]
            limit = self.limits[player] or float("inf")
            norm = torch.nn.utils.clip_grad_norm_(weights, limit)
            # The norm is the same on all devices, a loss is not: they must agree.
            finite = norm.isfinite()
            # To leave the step out, the device would have to be asked, and so waited for.
            for weight in weights:
                cast(Tensor, weight.grad).masked_fill_(~finite, 0.0)
            optimizer.step()
            optimizer.zero_grad()
        for name, value in terms.items():
            self.note(f"loss/{name}", value.detach())
        self.note(f"gradient/{player}", norm.detach())
        return finite

    def scale_rates(self, share: float) -> None:
        """Sets every learning rate to a share of its full value."""
        for player, optimizer in self.optimizers.items():
            for group, rate in zip(optimizer.param_groups, self.rates[player], strict=True):
                group["lr"] = rate * share

    def improves(self, monitor: str, figure: float) -> bool:
        """Whether a validation's figure is the greatest so far.

        NaN, where nothing could be measured, is less than every number; of several the last counts.
        """
        best = self.best.get(monitor, math.nan)
        return figure > best or (math.isnan(best) and figure != -math.inf)

    def take_figures(self) -> dict[str, float]:
        """Means of what all processes noted since the last call, and the optimisers' state."""
        own = {name: torch.stack(v).nanmean().item() for name, v in self.sums.items()}
        self.sums = {}
        noted = processes.gather(own)
        names = dict.fromkeys(name for figures in noted for name in figures)
        figures = {n: mean([x[n] for x in noted if n in x]) for n in names}
        rates = {f"rate/{n}": o.param_groups[0]["lr"] for n, o in self.optimizers.items()}
        return figures | rates | {"skipped_steps": int(self.skipped)}

    def wait(self) -> None:
        """Until the device has done all that it was given."""
        if self.fabric.device.type == "cuda":
            torch.cuda.synchronize(self.fabric.device)

    def require_finite(self, patience: int) -> None:
        """Stops a run whose gradients stay non-finite.

        Raises:
            SpeechganError: some gradient was not finite in each of the last `patience` steps.
        """
        broken = int(self.skipped_in_a_row)
        if broken >= patience:
            raise SpeechganError(
                f"step {self.step}: losses were not finite {broken} steps in a row; "
                "lower the learning rate or look for broken recordings, then --resume"
            )

    def note(self, name: str, value: Tensor) -> None:
        """Keeps a figure; the log gets the mean of those of several steps."""
        self.sums.setdefault(name, []).append(value)

    def state(self) -> dict[str, Any]:
        """Everything to go on from, for a checkpoint; asked for by all processes at once."""
        system = dict(self.system.state_dict())
        own: dict[str, Any] = {"random": torch.get_rng_state()}
        if torch.cuda.is_available():
            own["random_cuda"] = torch.cuda.get_rng_state()
        # Such as the candidates whose quality is still being measured.
        extra = {k: v for k, v in system.items() if k.endswith("_extra_state")}
        _, *others = processes.gather(own | {"system": extra})
        return own | {
            "step": self.step,
            "skipped": int(self.skipped),
            "best": self.best,
            "system": system,
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
            "average": {"weights": self.average.weights, "updates": self.average.updates},
            "others": others,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Goes on from a state; players that it does not know start afresh.

        A run that branches off from one with fewer players, such as a supervised warm-up that
        several adversarial runs share, has more of them than the state.

        Raises:
            SpeechganError: the state is of other networks.
        """
        self.step, self.best = state["step"], state["best"]
        self.skipped = torch.full_like(self.skipped, state["skipped"])
        own = self.system.state_dict()
        optimizers = {
            rename_player(name, self.optimizers): optimizer
            for name, optimizer in state["optimizers"].items()
        }
        weights = rename_system_weights(state["system"], own)
        lent = {k: v for k, v in weights.items() if k in own}
        fresh = {k: v for k, v in own.items() if k not in lent}
        try:
            if strange := [k for k in fresh if self._owner(k) in optimizers]:
                raise KeyError(strange[0])
            self.system.load_state_dict(lent | fresh)
            for player in optimizers.keys() & self.optimizers.keys():
                load_moments(self.optimizers[player], optimizers[player])
            self.average.load(**state["average"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise SpeechganError(
                "the checkpoint is of another system or configuration "
                f"({str(error).splitlines()[0]}); start in another folder with run.folder=DIR"
            ) from None

    def _owner(self, weight: str) -> str | None:
        """The player whose network a weight of the system, by its name, lies in."""
        networks = {id(self.system.network_of(player)): player for player in self.system.turns}
        parts = weight.split(".")
        for count in range(1, len(parts)):
            module = self.system.get_submodule(".".join(parts[:count]))
            if id(module) in networks:
                return networks[id(module)]
        return None

    def load_random(self, state: dict[str, Any]) -> None:
        """Puts the random generators where they stood, if the state is of this process."""
        if "random" in state:
            torch.set_rng_state(state["random"])
        if torch.cuda.is_available() and "random_cuda" in state:
            torch.cuda.set_rng_state(state["random_cuda"], self.fabric.device)


def load_moments(optimizer: Any, state: dict[str, Any]) -> None:
    """What an optimiser has gathered, from a checkpoint; its settings stay those configured.

    Raises:
        ValueError: the state is of other weights.
    """
    configured = [
        {name: setting for name, setting in group.items() if name != "params"}
        for group in optimizer.param_groups
    ]
    optimizer.load_state_dict(state)
    for group, settings in zip(optimizer.param_groups, configured, strict=True):
        group.update(settings)


def check_processes(state: dict[str, Any], path: Path) -> None:
    """Whether a checkpoint is of as many processes as there are now.

    With another number other batches would follow, and the random numbers and pending labels of
    some processes would be lost.

    Raises:
        SpeechganError: it is of another number.
    """
    before, now = 1 + len(state.get("others", ())), processes.count()
    if before != now:
        raise SpeechganError(
            f"{path}: of a training in {before} {'process' if before == 1 else 'processes'}, and "
            f"here are {now}; resume with as many (trainer.devices times trainer.num_nodes), or "
            f"branch off in another folder with run.start_from={path}"
        )


def state_of(state: dict[str, Any], number: int) -> dict[str, Any]:
    """A checkpoint as one of its processes wrote it.

    A process with a number that had none then takes the first one's pending labels, and keeps its
    own random numbers.
    """
    others = [{"system": {}}, *state.get("others", ())]
    if number >= len(others):
        return {k: v for k, v in state.items() if k not in ("random", "random_cuda")}
    own = others[number]
    return state | own | {"system": state["system"] | own["system"]}


def mean(values: Sequence[float]) -> float:
    """Mean of the values that are not NaN; NaN where all are."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


@contextmanager
def only(system: System, player: str) -> Iterator[None]:
    """Within the block only this player's weights take gradients."""
    mine = {id(p) for p in system.players()[player]}
    changed = [p for p in system.parameters() if p.requires_grad and id(p) not in mine]
    for weight in changed:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in changed:
            weight.requires_grad_(True)
