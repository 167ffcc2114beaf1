"""A small training that is killed at random moments, and what must come of it."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import soundfile
import torch
from omegaconf import DictConfig

import speechgan.training.labels
from speechgan.training.checkpoint import load_checkpoint
from speechgan.training.compose import compose
from speechgan.training.labels import QualityLabels
from speechgan.training.run import Run
from speechgan.training.train import train

PAIRS = Path(__file__).parents[2] / "assets"
SECONDS = 1.5
LIMIT_SECONDS = 600
LOG = "metrics.jsonl"
SPEEDS = ("seconds_per_step", "audio_seconds_per_second")
# A two-headed discriminator and a metric critic, whose labels are pending in every checkpoint.
SMALL = (
    *(f"generator.{name}=4" for name in ("channels", "bands", "hidden")),
    *(
        "generator.blocks=1",
        "discriminator.widths=[2,2,2,2]",
        "system.judges.metric.network.channels=2",
    ),
    *("system=two_headed_metric", "system.judges.metric.labels.items=2"),
    *("system.judges.metric.labels.delay=2", "trainer.turns.metric.start=2"),
    *("trainer.turns.discriminator.start=1", "trainer.turns.generator.every=2"),
    *("data.batch_size=2", "data.seconds=0.4", "data.valid_fraction=0.34", "data.rooms=1"),
    *("trainer.threads=1", "trainer.accelerator=cpu", "trainer.workers=0", "trainer.log_every=1"),
    *("trainer.save_every=1", "trainer.validate_every=8", "trainer.warmup_steps=2"),
)
PRELOADED = (
    "speechgan.training.train",
    "speechgan.systems.enhancement.critics",
    "speechgan.systems.enhancement.conditional",
    "speechgan.models.generators.band_crn",
    "speechgan.models.discriminators.spectrogram",
    "speechgan.models.discriminators.metric",
    "torch.utils.tensorboard",
    *("PIL.Image", "librosa.filters", "pesq", "pystoi"),
)
"""What a training imports; imported once, in a process from which each training is forked."""
Prepare = Callable[[], object]


@dataclass(frozen=True)
class Kill:
    """What stood there when a training was killed.

    Attributes:
        moment: that was aimed at, in steps.
        step: of its checkpoint; 0 where there was none yet.
        writing: the files that it was writing.
    """

    moment: float
    step: int
    writing: tuple[str, ...]

    def __str__(self) -> str:
        writing = ", writing " + " ".join(self.writing) if self.writing else ""
        return f"killed in step {self.moment:.2f}, with step {self.step} saved{writing}"


@dataclass(frozen=True)
class Outcome:
    """What two trainings came to.

    Attributes:
        seconds: that the undisturbed one took.
        kills: of the other one.
        faults: what differs, and what was left behind.
    """

    seconds: float
    kills: tuple[Kill, ...]
    faults: tuple[str, ...]


def kill_and_compare(
    work: Path,
    kills: int,
    steps: int,
    seed: int = 0,
    prepare: Prepare | None = None,
    tell: Callable[[Kill], object] = lambda kill: None,
) -> Outcome:
    """Trains twice, the second time with SIGKILLs.

    Args:
        work: an empty folder.
        kills: how often, at moments that are uniform over all steps and in each of them, so that
            they do not depend on how busy the machine is; every second one at the next writing of a
            file. Where two lie in the same step, the second comes while the process starts. However
            late it is that one is sent, no training goes on for more than two steps.
        steps: of the training.
        seed: of the moments.
        prepare: called first in each process, if given; goes there by its name.
        tell: told of each kill.
    """
    write_pairs(work / "data")
    whole, killed = (configure(work, name, steps) for name in ("whole", "killed"))
    run = work / "killed/run"
    finish(start(None, prepare))  # the server imports what it imports
    started = time.monotonic()
    finish(start(whole, prepare))
    seconds = time.monotonic() - started
    pace = seconds / steps
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0, steps - 1) for _ in range(kills))
    done: list[Kill] = []
    for moment in moments:
        process = start(killed, prepare, min(int(moment) + 2, steps - 1))
        wait_for_moment(run, process, moment, pace)
        if len(done) % 2:
            wait_for_writing(run, process)
        process.kill()
        process.join()
        if process.exitcode != -signal.SIGKILL:
            return Outcome(seconds, (*done,), (f"ended with exit code {process.exitcode}",))
        done.append(Kill(moment, read_step(run), find_unfinished(run)))
        tell(done[-1])
    finish(start(killed, prepare))
    return Outcome(seconds, (*done,), (*find_faults(work),))


def wait_for_moment(run: Path, process: Any, moment: float, pace: float) -> None:
    """Returns at a moment, in steps; soon where the run had come so far before it was killed."""
    while process.is_alive() and (not (run / LOG).exists() or read_logged_step(run) < int(moment)):
        time.sleep(0.005)
    process.join(moment % 1 * pace)


def read_logged_step(run: Path) -> int:
    """The greatest step that is logged in whole lines."""
    lines = (run / LOG).read_text().splitlines(keepends=True)
    return max((json.loads(line)["step"] for line in lines if line.endswith("\n")), default=0)


def wait_for_writing(run: Path, process: Any) -> None:
    """Returns while a file of the run is being written, which a random moment seldom meets."""
    known = set(run.glob(".*.part"))
    while process.is_alive() and known.issuperset(run.glob(".*.part")):
        time.sleep(0.0005)


def write_pairs(folder: Path) -> None:
    """The beginnings of the recorded pairs."""
    for path in PAIRS.glob("*/*.flac"):
        target = folder / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        wave, rate = soundfile.read(path)
        soundfile.write(target, wave[rate : rate + int(SECONDS * rate)], rate)


def configure(work: Path, name: str, steps: int) -> DictConfig:
    """Of the run in `work/NAME/run`, which decodes its data itself."""
    places = {"data.root": work / "data", "data.cache": work / name / "cache"}
    places["run.folder"] = work / name / "run"
    own = [f"{key}={place}" for key, place in places.items()]
    return compose("enhance", [*own, *SMALL, f"trainer.max_steps={steps}"])


@cache
def _server() -> Any:
    """Processes are forked from one that has imported everything and does nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED])
    return context


def start(config: DictConfig | None, prepare: Prepare | None, last_step: int | None = None) -> Any:
    """A process that trains, from the checkpoint where there is one; or does nothing.

    Where there is a `last_step`, it kills itself after it.
    """
    process = _server().Process(target=_train, args=(config, prepare, last_step))
    process.start()
    return process


def finish(process: Any) -> None:
    """Waits for its end.

    Raises:
        RuntimeError: it failed; its traceback is on stderr.
    """
    process.join(LIMIT_SECONDS)
    if process.exitcode != 0:
        process.kill()
        raise RuntimeError(f"a training that nobody disturbed ended with {process.exitcode}")


def _train(config: DictConfig | None, prepare: Prepare | None, last_step: int | None) -> None:
    if prepare:
        prepare()
    if last_step is not None:
        kill_after(last_step)
    if config:
        train(config, resume=True)
        # Those that make labels end with it; an orderly end waits for them without telling them.
        os._exit(0)


def kill_after(last_step: int) -> None:
    """Lets this process end by SIGKILL where it begins with the step after a step."""
    play = Run.play

    def play_or_die(run: Run, *given: Any) -> None:
        if run.step >= last_step:
            os.kill(os.getpid(), signal.SIGKILL)
        play(run, *given)

    Run.play = play_or_die


def label_in_threads() -> None:
    """Makes PESQ labels in a thread: a process for them takes longer to start than all else."""
    pool = ThreadPoolExecutor(1)
    speechgan.training.labels._pool = lambda: pool


def forget_random_states() -> None:
    """Breaks resuming, on purpose: dice are thrown anew."""
    label_in_threads()
    Run.load_random = lambda run, state: None


def resume_a_step_early() -> None:
    """Breaks resuming, on purpose: the step whose results are loaded is done once more."""
    label_in_threads()
    load = Run.load_state
    Run.load_state = lambda run, state: load(run, state | {"step": state["step"] - 1})


def lose_pending_labels() -> None:
    """Breaks resuming, on purpose: the metric critic waits for labels anew."""
    label_in_threads()
    QualityLabels.restore = lambda labels, pending: None


def read_step(folder: Path) -> int:
    """Of a run's checkpoint."""
    path = folder / "last.safetensors"
    return load_checkpoint(path)["step"] if path.exists() else 0


def find_unfinished(run: Path) -> tuple[str, ...]:
    """What a killed process was writing into its run's folder."""
    hidden = [*run.rglob(".*.part"), *run.rglob(".*.before")]
    return tuple(sorted(path.name.strip(".").rsplit(".", 2)[0] for path in hidden))


def find_faults(work: Path) -> list[str]:
    """Where the killed run came to something else than the undisturbed one."""
    whole, killed = work / "whole/run", work / "killed/run"
    states = [load_checkpoint(run / "last.safetensors") for run in (whole, killed)]
    faults = [f"last.safetensors: {place} differs" for place in find_differences(*states)]
    for path in sorted((whole / "best").iterdir()):
        other = killed / "best" / path.name
        if not other.exists() or path.read_bytes() != other.read_bytes():
            faults.append(f"best/{path.name} differs")
    if read_log(whole) != read_log(killed):
        faults.append(f"{LOG} differs")
    return faults + [f"unfinished: {name}" for name in find_unfinished(killed)]


def read_log(run: Path) -> list[dict[str, float]]:
    """What a run has logged, but for its speed."""
    lines = (run / LOG).read_text().splitlines()
    return [{k: v for k, v in json.loads(x).items() if k not in SPEEDS} for x in lines]


def find_differences(a: Any, b: Any, place: str = "") -> Iterator[str]:
    """The places, such as `/optimizers/generator/state/0/exp_avg`, where two states differ."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        same = (
            a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
        )
    elif isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a:
            yield from find_differences(a[key], b[key], f"{place}/{key}")
        return
    elif isinstance(a, list | tuple) and type(a) is type(b) and len(a) == len(b):
        for number, (x, y) in enumerate(zip(a, b, strict=True)):
            yield from find_differences(x, y, f"{place}/{number}")
        return
    else:
        same = type(a) is type(b) and a == b
    if not same:
        yield place
