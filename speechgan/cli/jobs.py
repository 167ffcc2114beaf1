"""Recordings worked on one after the other, or side by side in several processes."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speechgan.cli.plan import Job, plan_jobs, refuse_mixed_output, refuse_urls
from speechgan.utils.errors import SpeechganError
from speechgan.utils.file_work import Work
from speechgan.utils.files import remove_unfinished
from speechgan.utils.workers import Report, WorkerDeath, count_cores, run_in_workers

BAR = "{percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s of audio [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class How:
    """How jobs are done.

    Attributes:
        start: makes the work, once in each process; goes there by pickle.
        overwrite: whether a target that exists is replaced.
        processes: None for one to a core, or one if there is one job.
    """

    start: Callable[[], Work]
    overwrite: bool
    processes: int | None = None


@dataclass(frozen=True)
class Task:
    """What a command makes of files.

    Attributes:
        start: as of `How`.
        mark: what is put into the name of an output beside its input, such as `.enhanced`.
        verb: what was done, as the summary says it.
        told: what `--json` tells beside the files.
    """

    start: Callable[[], Work]
    mark: str
    verb: str
    told: dict[str, Any]


def run_task(task: Task, inputs: list[str], arguments: argparse.Namespace) -> int:
    """Makes files of files, and tells of it; 1 if one failed, else 0.

    Args:
        task: what is made.
        inputs: files, folders, or - for standard input.
        arguments: those that `add_common_arguments` adds.

    Raises:
        SpeechganError: inputs and output do not go together, or the work cannot be made.
    """
    if arguments.cluster:
        from speechgan.cli.cluster import run_on_cluster

        return run_on_cluster(task, inputs, arguments)
    refuse_urls(inputs, arguments.output)
    refuse_mixed_output(inputs, arguments.output, arguments.json)
    started = time.perf_counter()
    with plan_jobs(inputs, arguments.output, task.mark) as jobs:
        records = run_jobs(jobs, How(task.start, arguments.overwrite, arguments.jobs))
    if arguments.json:
        print_report(records, task, arguments.model)
    else:
        print(summarise(records, task.verb, time.perf_counter() - started), file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0


def print_report(records: list[dict[str, Any]], task: Task, model: str) -> None:
    """What was done, as JSON."""
    report = {"model": model, **task.told, "files": records}
    print(json.dumps(report, indent=2, ensure_ascii=False))


def run_jobs(jobs: list[Job], how: How) -> list[dict[str, Any]]:
    """Does jobs, with one progress bar; one that fails does not stop the others.

    Returns:
        A record of each job: what was written, or the error, which is also printed.

    Raises:
        SpeechganError: the work cannot be made, such as of a model that is not there.
    """
    from tqdm import tqdm

    work = how.start()
    refused = dict(_refuse(jobs, how.overwrite))
    records: list[dict[str, Any]] = [{"input": job.name} for job in jobs]
    todo = [number for number in range(len(jobs)) if number not in refused]
    processes = min(how.processes or count_cores(), len(todo))
    shown = sys.stderr.isatty()
    total = sum(_measure_seconds(jobs[number].source) for number in todo) if shown else None
    with tqdm(total=total, disable=not shown, bar_format=BAR) as bar:

        def say(text: object) -> None:
            bar.write(f"speechgan: {text}", file=sys.stderr)

        def record(number: int, outcome: Any) -> None:
            if isinstance(outcome, WorkerDeath):
                outcome = f"{jobs[number].name}: {outcome}, twice; the memory may be short"
            if isinstance(outcome, dict):
                records[number] |= outcome
            else:
                say(f"error: {outcome}")
                records[number]["error"] = str(outcome)

        for number, error in refused.items():
            record(number, error)
        chosen = [jobs[number] for number in todo]
        if processes > 1:
            outcomes = _run_side_by_side(chosen, how, processes, bar.update, say)
        else:
            outcomes = ((n, _do(work, job, bar.update)) for n, job in enumerate(chosen))
        for place, outcome in outcomes:
            record(todo[place], outcome)
    return records


def _run_side_by_side(
    jobs: list[Job], how: How, processes: int, progress: Report, say: Callable[[str], None]
) -> Iterator[tuple[int, Any]]:
    def died(number: int, death: WorkerDeath) -> None:
        say(f"{jobs[number].name}: {death}")

    def left(number: int, process: int) -> None:
        remove_unfinished(jobs[number].target.parent, process)

    yield from run_in_workers(partial(_start, how.start), jobs, processes, progress, died, left)


def _start(start: Callable[[], Work]) -> Callable[[Job, Report], Any]:
    return partial(_do, start())


def _do(work: Work, job: Job, report: Report) -> dict[str, Any] | SpeechganError:
    """What is to be recorded of a job."""
    started = time.perf_counter()
    try:
        done = work(job.source, job.target, report)
    except SpeechganError as error:
        return error
    return {
        "output": str(job.target),
        "seconds": round(done.seconds, 3),
        "sample_rate": done.sample_rate,
        "channels": done.channels,
        "elapsed": round(time.perf_counter() - started, 3),
    }


def _refuse(jobs: list[Job], overwrite: bool) -> Iterator[tuple[int, SpeechganError]]:
    """The jobs whose target must not be written."""
    sources = {job.source.resolve() for job in jobs}
    for number, job in enumerate(jobs):
        if job.target.resolve() in sources:
            yield number, SpeechganError(f"{job.target}: is itself an input; choose another output")
        elif job.target.exists() and not overwrite:
            yield number, SpeechganError(f"{job.target}: exists; use --overwrite to replace it")


def summarise(records: list[dict[str, Any]], verb: str, elapsed: float) -> str:
    """One line: how many files, how much audio, how long it took."""
    done = [record for record in records if "error" not in record]
    seconds = sum(record["seconds"] for record in done)
    count = "1 file" if len(done) == len(records) == 1 else f"{len(done)} of {len(records)} files"
    return f"{count} {verb}: {seconds:.1f} s of audio in {elapsed:.1f} s"


def add_common_arguments(parser: argparse.ArgumentParser, model: str) -> None:
    """What all commands take that make files of files.

    Args:
        parser: of the command.
        model: name of the one that is loaded if none is named.
    """
    add = parser.add_argument
    add("-o", "--output", metavar="OUT", help="file, folder, or - for WAV to standard output")
    add(
        "--model",
        default=model,
        metavar="NAME|DIR",
        help=f"a name that `speechgan models` lists, or a model folder (default: {model})",
    )
    add(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where to compute (default: auto)",
    )
    add(
        "--engine",
        choices=["auto", "onnx", "torch"],
        default="auto",
        help="what computes; auto takes onnx, without PyTorch, on the CPU where the model has a "
        "graph (default: auto)",
    )
    add("--threads", type=parse_count, default=1, metavar="N", help="of each job (default: 1)")
    add(
        "--jobs",
        type=parse_count,
        metavar="N",
        help="recordings to work on side by side (default: as many as there are cores)",
    )
    add_cluster_argument(
        parser, "do the work there; files are paths that all workers see, or URLs of s3 and gs"
    )
    add("--overwrite", action="store_true", help="replace outputs that exist")
    add("--json", action="store_true", help="print what was done as JSON")


def add_cluster_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds what says that a cluster does the work; `what` is said of it in the help."""
    parser.add_argument(
        "--cluster",
        type=_parse_address,
        metavar="local|auto|ray://HOST:PORT",
        help="a Ray that is started here, found on this machine, or elsewhere (needs the extra "
        f"ray): {what}",
    )


def _parse_address(text: str) -> str:
    if text not in ("local", "auto") and not text.startswith("ray://"):
        raise argparse.ArgumentTypeError(f"{text!r} is not local, auto or ray://HOST:PORT")
    return text


def parse_share(text: str) -> float:
    """A number from 0 to 1 from the command line."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return share


def parse_number(text: str, what: str) -> float:
    """A number from 0; `what` names it where it is none.

    Raises:
        argparse.ArgumentTypeError: negative, infinite or no number.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def parse_count(text: str) -> int:
    """A whole number from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _measure_seconds(path: Path) -> float:
    from speechgan.audio import Reader

    try:
        with Reader(path) as reader:
            return reader.samples / reader.sample_rate
    except SpeechganError:
        return 0.0  # its own job reports it
