"""One adversarial loop for every system."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset

from speechgan.errors import SpeechganError
from speechgan.systems.base import System
from speechgan.training.average import MovingAverage
from speechgan.training.checkpoint import load_checkpoint, save_checkpoint
from speechgan.training.logging import RunLog


class Batches(Protocol):
    """Numbered batches: number `n` is the same whenever it is asked for."""

    def __getitem__(self, number: int) -> Any: ...


class Validation(Protocol):
    """Judges a system on held-out recordings."""

    def __call__(self, system: System, log: RunLog, step: int) -> dict[str, float]: ...


SaveBest = Callable[[System, dict[str, float]], None]


@dataclass(frozen=True)
class Turn:
    """How one player learns.

    Attributes:
        optimizer: makes the optimiser of the player's weights.
        start: step at which the player enters the game.
        every: steps between his moves; a generator that moves every fifth step gives its critic
            five moves to one.
        clip_norm: greatest norm of his gradient; 0 for no limit.
    """

    optimizer: Callable[..., Optimizer]
    start: int = 0
    every: int = 1
    clip_norm: float = 0.0


@dataclass
class Trainer:
    """Trains any `System`, on whatever device Lightning Fabric finds.

    Attributes:
        folder: where checkpoints and logs go.
        turns: how each player learns, by name; players that the system lacks are ignored.
        max_steps: steps in all.
        warmup_steps: steps over which learning rates rise from 0.
        decay_steps: steps at the end over which they fall to 0, linearly; between the two they
            are constant (Hu et al. 2024), so that a run can branch off at any step in between.
        average: decay per step of the moving average of the generator's weights; 0 for none.
        averaged: the player whose weights are averaged and released.
        log_every: steps between log lines.
        validate_every: steps between validations.
        save_every: steps between checkpoints.
        monitor: the validation figure by which the best model is chosen, greatest first.
        patience: steps in a row with a non-finite gradient that stop the run.
        workers: processes that make batches; 0 to make them in the training process.
        seed: of weights and noise; batches have a seed of their own.
        accelerator, devices, strategy, precision: as in Lightning Fabric.
        threads: of PyTorch on the CPU; None leaves the default.
    """

    folder: Path
    turns: Mapping[str, Turn]
    max_steps: int
    warmup_steps: int = 0
    decay_steps: int = 0
    average: float = 0.0
    averaged: str = "generator"
    log_every: int = 50
    validate_every: int = 1000
    save_every: int = 500
    monitor: str = "pesq"
    patience: int = 20
    workers: int = 1
    seed: int = 0
    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    precision: Any = "32-true"
    threads: int | None = None
    _stop: int = field(default=0, init=False)

    def fit(
        self,
        system: System,
        batches: Batches,
        validate: Validation | None = None,
        save_best: SaveBest | None = None,
        resume: bool = False,
        start_from: Path | None = None,
    ) -> dict[str, float]:
        """Trains until `max_steps`.

        Args:
            system: what to train.
            batches: its data.
            validate: judges it; its figures are logged under `valid/`.
            save_best: called with the system, holding averaged weights, whenever it is best.
            resume: go on from this folder's checkpoint where there is one.
            start_from: a checkpoint of another run to branch off from, at its step.

        Returns:
            The figures of the best validation.

        Raises:
            SpeechganError: gradients stay non-finite, or a checkpoint cannot be written or read.
            SystemExit: after SIGTERM or Ctrl-C, with the state saved.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
        fabric = Fabric(
            accelerator=self.accelerator,
            devices=self.devices,
            # A turn uses some players' weights only, which plain DDP takes for an error.
            strategy=DDPStrategy(find_unused_parameters=True)
            if self.strategy == "ddp"
            else self.strategy,
            precision=self.precision,
        )
        fabric.launch()
        torch.manual_seed(self.seed + fabric.global_rank)
        optimizers = {
            name: self.turns[name].optimizer(list(system.players()[name])) for name in system.turns
        }
        rates = {name: [g["lr"] for g in o.param_groups] for name, o in optimizers.items()}
        raw = system
        game: Any
        game, *wrapped = fabric.setup(system, *optimizers.values())
        game.mark_forward_method("losses")
        optimizers = dict(zip(raw.turns, wrapped, strict=True))
        average = MovingAverage(list(raw.players()[self.averaged]), self.average)

        run = _Run(raw, optimizers, average)
        checkpoint = self.folder / "last.safetensors"
        state = None
        if resume and checkpoint.exists():
            state = load_checkpoint(checkpoint)
        elif start_from:
            state = load_checkpoint(start_from) | {"best": {}}
        if state:
            run.load_state(state)
        numbers = range(run.step, self.max_steps)
        mine = [n * fabric.world_size + fabric.global_rank for n in numbers]
        source = self._load(batches, mine, fabric)
        if state:
            torch.set_rng_state(state["random"])
            if torch.cuda.is_available() and "random_cuda" in state:
                torch.cuda.set_rng_state(state["random_cuda"], fabric.device)

        log = RunLog(self.folder, run.step, self.max_steps) if fabric.is_global_zero else None
        previous = self._listen()
        bad_in_a_row = 0
        sums: dict[str, list[Tensor]] = {}
        try:
            while run.step < self.max_steps:
                self._set_rates(run, rates)
                in_play = frozenset(n for n in raw.turns if run.step >= self.turns[n].start)
                finite = True
                batch = next(source)
                for name in raw.turns:
                    if name not in in_play or run.step % self.turns[name].every:
                        continue
                    terms, norm = self._move(
                        fabric, game, raw, name, batch, in_play, optimizers[name]
                    )
                    finite &= bool(norm.isfinite())
                    for term, value in terms.items():
                        sums.setdefault(f"loss/{term}", []).append(value.detach())
                    sums.setdefault(f"gradient/{name}", []).append(norm.detach())
                for observed, figure in raw.observations().items():
                    sums.setdefault(observed, []).append(torch.tensor(figure))
                run.step += 1
                average.update()
                bad_in_a_row = 0 if finite else bad_in_a_row + 1
                run.skipped += not finite
                if bad_in_a_row >= self.patience:
                    raise SpeechganError(
                        f"step {run.step}: losses were not finite {bad_in_a_row} steps in a row; "
                        "lower the learning rate or look for broken recordings, then --resume"
                    )
                if log:
                    log.advance()
                last = run.step == self.max_steps or self._stop
                if log and (run.step % self.log_every == 0 or last):
                    means = {k: torch.stack(v).nanmean().item() for k, v in sums.items()}
                    means |= {"skipped_steps": run.skipped}
                    means |= {f"rate/{n}": o.param_groups[0]["lr"] for n, o in optimizers.items()}
                    log.scalars(run.step, means)
                    sums = {}
                if validate and (run.step % self.validate_every == 0 or run.step == self.max_steps):
                    self._validate(fabric, run, validate, save_best, log)
                if run.step % self.save_every == 0 or last:
                    if log:
                        save_checkpoint(checkpoint, run.state())
                    fabric.barrier()
                if self._stop:
                    if log:
                        log.say(f"stopped at step {run.step}; go on with --resume")
                    raise SystemExit(128 + self._stop)
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
            if log:
                log.close()
        return run.best

    def _move(
        self,
        fabric: Fabric,
        system: Any,
        raw: System,
        player: str,
        batch: Any,
        in_play: frozenset[str],
        optimizer: Any,
    ) -> tuple[dict[str, Tensor], Tensor]:
        """One move of one player: his terms, and the norm of his gradient."""
        with only(raw, player):
            terms = system.losses(player, batch, in_play)
            optimizer.zero_grad()
            fabric.backward(torch.stack(list(terms.values())).sum())
            limit = self.turns[player].clip_norm or float("inf")
            weights = [p for p in raw.players()[player] if p.grad is not None]
            norm = torch.nn.utils.clip_grad_norm_(weights, limit)
            # The norm is the same on all devices, a loss is not: they must skip together.
            if norm.isfinite():
                optimizer.step()
            optimizer.zero_grad()
        return terms, norm

    def _set_rates(self, run: "_Run", rates: dict[str, list[float]]) -> None:
        rise = min(1.0, (run.step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        left = self.max_steps - run.step
        fall = min(1.0, left / self.decay_steps) if self.decay_steps else 1.0
        for name, optimizer in run.optimizers.items():
            for group, rate in zip(optimizer.param_groups, rates[name], strict=True):
                group["lr"] = rate * rise * fall

    def _load(self, batches: Batches, numbers: Sequence[int], fabric: Fabric) -> Iterator[Any]:
        loader: DataLoader[Any] = DataLoader(
            _Indexed(batches),
            batch_size=None,
            sampler=numbers,
            num_workers=self.workers,
            prefetch_factor=4 if self.workers else None,
            pin_memory=fabric.device.type == "cuda",
            worker_init_fn=_one_thread,
            generator=torch.Generator(),  # of its own: making batches draws nothing of the run's
            multiprocessing_context="spawn" if self.workers else None,
        )
        return (batch.to(fabric.device) for batch in loader)

    def _validate(
        self,
        fabric: Fabric,
        run: "_Run",
        validate: Validation,
        save_best: SaveBest | None,
        log: RunLog | None,
    ) -> None:
        if log:
            run.system.eval()
            with run.average.applied(), torch.no_grad():
                figures = validate(run.system, log, run.step)
                best = run.best.get(self.monitor, float("-inf"))
                if figures[self.monitor] > best:
                    run.best = figures | {"step": run.step}
                    if save_best:
                        save_best(run.system, run.best)
            run.system.train()
            log.scalars(run.step, {f"valid/{k}": v for k, v in figures.items()})
            log.say(f"step {run.step}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
        fabric.barrier()

    def _listen(self) -> dict[int, Any]:
        """Answers the first SIGTERM or Ctrl-C by finishing the step; a second one ends it now."""
        if threading.current_thread() is not threading.main_thread():
            return {}

        def ask_to_stop(number: int, frame: FrameType | None) -> None:
            self._stop = number
            signal.signal(number, signal.SIG_DFL)

        return {n: signal.signal(n, ask_to_stop) for n in (signal.SIGTERM, signal.SIGINT)}


class _Indexed(Dataset[Any]):
    """Batches as a dataset whose sampler decides where it ends."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Any:
        return self.batches[number]


def _one_thread(worker: int) -> None:
    torch.set_num_threads(1)
    # Ctrl-C and SIGTERM are the trainer's to answer; the loader ends its workers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Run:
    """What changes during a run."""

    def __init__(
        self, system: System, optimizers: Mapping[str, Any], average: MovingAverage
    ) -> None:
        self.system, self.optimizers, self.average = system, optimizers, average
        self.step = 0
        self.skipped = 0
        self.best: dict[str, float] = {}

    def state(self) -> dict[str, Any]:
        state = {
            "step": self.step,
            "skipped": self.skipped,
            "best": self.best,
            "system": dict(self.system.state_dict()),
            "optimizers": {name: o.state_dict() for name, o in self.optimizers.items()},
            "average": {"weights": self.average.weights, "updates": self.average.updates},
            "random": torch.get_rng_state(),
        }
        if torch.cuda.is_available():
            state["random_cuda"] = torch.cuda.get_rng_state()
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        """Goes on from a state; players that it does not know start afresh.

        A run that branches off from one with fewer players, such as a supervised warm-up that
        several adversarial runs share, has more of them than the state.
        """
        self.step, self.skipped, self.best = state["step"], state["skipped"], state["best"]
        known = set(state["optimizers"])
        own = self.system.state_dict()
        lent = {k: v for k, v in state["system"].items() if k in own}
        extra = {k: v for k, v in own.items() if k not in lent}
        strange = [k for k in extra if k.split(".")[0] in known]
        try:
            if strange:
                raise KeyError(strange[0])
            self.system.load_state_dict(lent | extra)
            for name in known & set(self.optimizers):
                self.optimizers[name].load_state_dict(state["optimizers"][name])
            self.average.load(**state["average"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise SpeechganError(
                "the checkpoint is of another system or configuration "
                f"({str(error).splitlines()[0]}); start in another folder with run.folder=DIR"
            ) from None


@contextmanager
def only(system: System, player: str) -> Iterator[None]:
    """Only this player's weights take gradients."""
    mine = {id(p) for p in system.players()[player]}
    changed = [p for p in system.parameters() if p.requires_grad and id(p) not in mine]
    for weight in changed:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in changed:
            weight.requires_grad_(True)
