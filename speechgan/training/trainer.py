"""One adversarial loop for every system."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer

from speechgan.systems.base import System
from speechgan.training import processes
from speechgan.training.checkpoint import CHECKPOINT, load_checkpoint, save_checkpoint
from speechgan.training.launching import compile_networks, launch
from speechgan.training.loading import Batches, load_batches, tell_of_killed_workers
from speechgan.training.logging import RunLog
from speechgan.training.run import Run, check_processes, state_of
from speechgan.training.steps import check_steps
from speechgan.training.stopping import stop_request
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import clear_unfinished


class Validation(Protocol):
    """Judges a system on held-out recordings.

    Every process of a training calls it, may take its share of the recordings, and gets the same
    figures; only the first has a log.
    """

    @property
    def figures(self) -> tuple[str, ...]:
        """Names of the figures by which the best model can be chosen, greatest first."""

    def __call__(self, system: System, log: RunLog | None, step: int) -> dict[str, float]: ...


SaveBest = Callable[[System, dict[str, float]], None]


@dataclass(frozen=True)
class Turn:
    """How one player learns.

    Attributes:
        optimizer: makes the optimiser of the player's weights; a setting of None is left out, so
            that a configuration can take back what another kind of optimiser had. None for a
            player without weights, which judges and never moves.
        start: step at which the player enters the game.
        every: steps between its moves; a generator that moves every fifth step gives its
            discriminator five moves to one.
        clip_norm: greatest norm of its gradient; 0 for no limit.
    """

    optimizer: partial[Optimizer] | None = None
    start: int = 0
    every: int = 1
    clip_norm: float = 0.0

    def make_optimizer(self, weights: list[nn.Parameter]) -> Optimizer:
        """The player's optimiser."""
        assert self.optimizer is not None
        given = self.optimizer.keywords
        return self.optimizer.func(weights, **{k: v for k, v in given.items() if v is not None})


@dataclass
class Trainer:
    """Trains any `System`, on whatever devices Lightning Fabric finds.

    Of W processes, one a device, process r takes in its step n batch number n W + r, and the
    gradients are averaged: no batch is drawn twice, and where losses are means over items the
    weights are those of one process with W times the items a batch. Random numbers of networks and
    losses come from another seed in each process, and what is computed over a batch, such as the
    statistics of batch normalisation, is over the process's own.

    Attributes:
        folder: where checkpoints and logs go.
        turns: how each player learns, by name; players that the system lacks are ignored.
        max_steps: steps in all.
        warmup_steps: steps over which learning rates rise from 0.
        decay_steps: steps at the end over which they fall to 0, linearly; between the two they
            are constant (Hu et al. 2024, arXiv:2404.06395), so that a run can branch off at any
            step in between.
        average: decay per step of the moving average of the generator's weights; 0 for none.
        averaged: the player whose weights are averaged and released.
        log_every: steps between log lines.
        validate_every: steps between validations.
        save_every: steps between checkpoints.
        monitor: the validation figure by which the best model is chosen, greatest first.
        patience: steps in a row with a non-finite gradient that stop the run, when it next logs.
        workers: processes that make batches; 0 to make them in the training process.
        seed: of weights and noise; batches have a seed of their own.
        accelerator, devices, num_nodes, strategy, precision: as in Lightning Fabric; devices of one
            node.
        threads: of PyTorch on the CPU; None leaves the default.
        compiled: networks of the system, by name, that PyTorch compiles for training: faster by a
            third or more after a minute; on the CPU it takes a C++ compiler.
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
    num_nodes: int = 1
    strategy: str = "auto"
    precision: Any = "32-true"
    threads: int | None = None
    compiled: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.folder = Path(self.folder)
        check_steps(self)

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
            SpeechganError: the validation has no figure to monitor, gradients stay non-finite, a
                checkpoint cannot be written or read, leaves no step to do, or is of another number
                of processes, or a process has ended without the others or was killed.
            SystemExit: after SIGTERM or Ctrl-C, with the state saved.
        """
        if validate and self.monitor not in validate.figures:
            raise SpeechganError(
                f"trainer.monitor={self.monitor}: is not measured here; choose one of "
                f"{', '.join(f'trainer.monitor={name}' for name in validate.figures)}"
            )
        fabric = self._launch()
        if fabric.is_global_zero:
            clear_unfinished(self.folder)
        run = self._start(fabric, system)
        state = self._find_state(resume, start_from)
        if state:
            state = state_of(state, fabric.global_rank)
            run.load_state(state)
        source = self._load(batches, run)
        if state:
            run.load_random(state)
        log = RunLog(self.folder, run.step, self.max_steps) if fabric.is_global_zero else None
        with tell_of_killed_workers():
            try:
                with processes.tell_of_loss():
                    self._play(run, source, batches.seconds, log, validate, save_best)
            finally:
                if log:
                    log.close()
        return run.best

    @property
    def _checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    def _find_state(self, resume: bool, start_from: Path | None) -> dict[str, Any] | None:
        if resume and self._checkpoint.exists():
            own: dict[str, Any] = load_checkpoint(self._checkpoint)
            check_processes(own, self._checkpoint)
            return own
        if not start_from:
            return None
        state = load_checkpoint(start_from) | {"best": {}}
        if state["step"] >= self.max_steps:
            raise SpeechganError(
                f"{start_from}: stands at step {state['step']}, where nothing is left of "
                f"trainer.max_steps={self.max_steps}; steps are counted from the first, so "
                "give more"
            )
        return dict(state)

    def _play(
        self,
        run: Run,
        source: Iterator[Any],
        seconds: float,
        log: RunLog | None,
        validate: Validation | None,
        save_best: SaveBest | None,
    ) -> None:
        """All remaining steps; a batch has `seconds` of sound, and only the first process logs."""
        with stop_request() as stop:
            signal = 0
            while run.step < self.max_steps and not signal:
                self._step(run, source)
                ends = run.step == self.max_steps
                # A signal may reach one process or all, and each of them in another step.
                signal = processes.greatest(stop.signal)
                if log:
                    log.advance()
                if run.step % self.log_every == 0 or ends or signal:
                    run.require_finite(self.patience)
                    figures = run.take_figures()
                    pace = seconds * processes.count() / figures["seconds_per_step"]
                    if log:
                        log.scalars(run.step, figures | {"audio_seconds_per_second": pace})
                if validate and (run.step % self.validate_every == 0 or ends):
                    self._validate(run, validate, save_best, log)
                if run.step % self.save_every == 0 or ends or signal:
                    state = run.state()
                    if log:
                        save_checkpoint(self._checkpoint, state)
                    processes.wait()
            if signal:
                if log:
                    log.say(f"stopped at step {run.step}; go on with --resume")
                raise SystemExit(128 + signal)

    def _launch(self) -> Fabric:
        if self.threads:
            torch.set_num_threads(self.threads)
        count = self.devices, self.num_nodes
        return launch(self.accelerator, *count, self.strategy, self.precision, self.seed)

    def _start(self, fabric: Fabric, system: System) -> Run:
        compile_networks(system, self.compiled)
        players = {name: list(weights) for name, weights in system.players().items()}
        movers = {name: players[name] for name in system.turns if players[name]}
        return Run(
            fabric,
            system,
            {name: self.turns[name].make_optimizer(weights) for name, weights in movers.items()},
            {name: self.turns[name].clip_norm for name in movers},
            self.averaged,
            self.average,
        )

    def _load(self, batches: Batches, run: Run) -> Iterator[Any]:
        """This process's share of the batches from the run's step on, on its device."""
        fabric = run.fabric
        many, own = fabric.world_size, fabric.global_rank
        numbers = [n * many + own for n in range(run.step, self.max_steps)]
        return load_batches(batches, numbers, fabric.device, self.workers)

    def _step(self, run: Run, source: Iterator[Any]) -> None:
        started = time.perf_counter()
        rise = min(1.0, (run.step + 1) / self.warmup_steps) if self.warmup_steps else 1.0
        left = self.max_steps - run.step
        fall = min(1.0, left / self.decay_steps) if self.decay_steps else 1.0
        run.scale_rates(rise * fall)
        in_play = frozenset(n for n in run.system.turns if run.step >= self.turns[n].start)
        movers = in_play & run.optimizers.keys()
        moving = frozenset(n for n in movers if run.step % self.turns[n].every == 0)
        run.play(next(source), in_play, moving)
        if run.step % self.log_every == 0 or run.step == self.max_steps:
            run.wait()  # only now, so that the device is never without work
        run.note("seconds_per_step", torch.tensor(time.perf_counter() - started))

    def _validate(
        self, run: Run, validate: Validation, save_best: SaveBest | None, log: RunLog | None
    ) -> None:
        """All processes validate; only the first one logs, and saves the best."""
        run.system.eval()
        run.average.take_from_first()
        # Recordings differ in length, and each length would be compiled for.
        as_written = torch.compiler.set_stance("force_eager")
        with run.average.applied(), torch.no_grad(), as_written:
            figures = validate(run.system, log, run.step)
            if run.improves(self.monitor, figures[self.monitor]):
                run.best = figures | {"step": run.step}
                if save_best and log:
                    save_best(run.system, run.best)
        run.system.train()
        if not log:
            return
        log.scalars(run.step, {f"valid/{name}": figure for name, figure in figures.items()})
        log.say(f"step {run.step}: " + ", ".join(f"{k} {v:.3f}" for k, v in figures.items()))
