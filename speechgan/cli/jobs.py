"""Processing of recordings, one after the other or in several processes."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speechgan.cli.plan import (
    STANDARD,
    Job,
    plan_jobs,
    refuse_mixed_output,
    refuse_urls,
    writes_standard_output,
)
from speechgan.utils.errors import SpeechganError
from speechgan.utils.file_work import ManyWork, Work, Written
from speechgan.utils.files import remove_unfinished
from speechgan.utils.workers import Report, WorkerDeath, count_cores, run_in_workers

BAR = "{percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s of audio [{elapsed}<{remaining}]"


@dataclass(frozen=True)
class How:
    """How jobs are processed.

    Attributes:
        start: makes the function that does the work, once in each process; it is pickled.
        overwrite: whether an existing target is replaced.
        processes: None for one a core, or one if there is one job.
        start_many: makes, instead, a function for many files at a time in one process.
    """

    start: Callable[[], Work]
    overwrite: bool
    processes: int | None = None
    start_many: Callable[[], ManyWork] | None = None


@dataclass(frozen=True)
class Task:
    """What a command does with files.

    Attributes:
        start: as of `How`.
        mark: in the name of an output beside its input, such as `.enhanced`.
        verb: for the summary, such as `enhanced`.
        told: settings that `--json` reports beside the files.
        start_many: as of `How`.
        other_marks: those of other settings of the command; files with them are no inputs either.
    """

    start: Callable[[], Work]
    mark: str
    verb: str
    told: dict[str, Any]
    start_many: Callable[[], ManyWork] | None = None
    other_marks: tuple[str, ...] = ()


def run_task(task: Task, inputs: list[str], arguments: argparse.Namespace) -> int:
    """Processes files, and reports; 1 if one failed, else 0.

    Args:
        task: of the command.
        inputs: files, folders, or - for standard input.
        arguments: those that `add_common_arguments` adds.

    Raises:
        SpeechganError: inputs and output do not go together, or the work cannot be started.
    """
    if arguments.cluster:
        from speechgan.cli.cluster import run_on_cluster

        return run_on_cluster(task, inputs, arguments)
    refuse_urls(inputs, arguments.output)
    refuse_mixed_output(inputs, arguments.output, arguments.json)
    started = time.perf_counter()
    with plan_jobs(inputs, arguments.output, task.mark, task.other_marks) as jobs:
        how = How(task.start, arguments.overwrite, arguments.jobs, task.start_many)
        records = run_jobs(jobs, how)
    if arguments.json:
        print_report(records, task, arguments.model)
    else:
        line = summarise(records, task.verb, time.perf_counter() - started)
        if not writes_standard_output(inputs, arguments.output):
            line += _tell_place(records, arguments.output)
        print(line, file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0


def print_report(records: list[dict[str, Any]], task: Task, model: str) -> None:
    """Prints what was done, as JSON."""
    report = {"model": model, **task.told, "files": records}
    print(json.dumps(report, indent=2, ensure_ascii=False))


def run_jobs(jobs: list[Job], how: How) -> list[dict[str, Any]]:
    """Processes jobs, with one progress bar; one that fails does not stop the others.

    Returns:
        A record of each job: what was written, or the error, which is also printed.

    Raises:
        SpeechganError: the work cannot be started, such as without its model.
    """
    from tqdm import tqdm

    many = how.start_many() if how.start_many else None
    work = None if many else how.start()
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
                text = f"{outcome}{jobs[number].hint}"
                if jobs[number].name == STANDARD:
                    # The temporary file's folder would mean nothing to the user.
                    text = text.replace(f"{jobs[number].source.parent}{os.sep}", "")
                say(f"error: {text}")
                records[number]["error"] = text

        for number, error in refused.items():
            record(number, error)
        chosen = [jobs[number] for number in todo]
        outcomes: Iterator[tuple[int, Any]]
        if many:
            outcomes = _do_together(many, chosen, bar.update)
        elif processes > 1:
            outcomes = _run_side_by_side(chosen, how, processes, bar.update, say)
        elif work:
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
    """The record of a job, or its error."""
    started = time.perf_counter()
    try:
        return _describe(job, work(job.source, job.target, report), started)
    except SpeechganError as error:
        return error


def _do_together(
    work: ManyWork, jobs: list[Job], report: Report
) -> Iterator[tuple[int, dict[str, Any] | SpeechganError]]:
    """The records or errors of jobs that are processed many at a time, each when it ends."""
    started: list[float] = []

    def begin() -> Iterator[tuple[Path, Path]]:
        for job in jobs:
            started.append(time.perf_counter())
            yield job.source, job.target

    for number, done in work(begin(), report):
        if isinstance(done, SpeechganError):
            yield number, done
        else:
            yield number, _describe(jobs[number], done, started[number])


def _describe(job: Job, done: Written, started: float) -> dict[str, Any]:
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


def _tell_place(records: list[dict[str, Any]], output: str | None) -> str:
    """The place of the outputs, for the end of the summary; empty without outputs."""
    made = [record["output"] for record in records if "error" not in record]
    if len(made) > 1:
        return f", written to {output}" if output else ", written beside their inputs"
    return f", written to {made[0]}" if made else ""


def _measure_seconds(path: Path) -> float:
    from speechgan.audio import Reader

    try:
        with Reader(path) as reader:
            return reader.samples / reader.sample_rate
    except SpeechganError:
        return 0.0  # its own job reports it
