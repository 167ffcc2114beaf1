"""Processing of many files, which can be interrupted and continued.

The outputs alone tell what is done: each is whole or absent, so a second run of the same command
makes those that are absent. If a worker is killed after it has stored an output and before it
reports it, the same output is made once more and replaces it.
"""

import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from tqdm import tqdm

from speechgan.cluster.connection import connect
from speechgan.cluster.files import FileJob, start_files
from speechgan.cluster.pool import Loss, Needs, Pool
from speechgan.cluster.summary import Row, read_summary, write_summary
from speechgan.utils.file_work import Work
from speechgan.utils.files import name_finished
from speechgan.utils.places import Place

NOT_REACHED = "not reached; run the same command again"


@dataclass(frozen=True)
class Plan:
    """How files are processed on a cluster.

    Attributes:
        address: of `connection.connect`.
        start: makes the function that does the work, once in each worker; it is pickled.
        title: of the summary.
        overwrite: whether existing outputs are made again.
        workers: how many; None for as many as the cluster has resources for now.
        threads: of each.
        gpu: whether each has a GPU.
    """

    address: str
    start: Callable[[], Work]
    title: str
    overwrite: bool = False
    workers: int | None = None
    threads: int = 1
    gpu: bool = False


@dataclass(frozen=True)
class Outcome:
    """The result of the jobs.

    Attributes:
        rows: of each, in the order of the jobs.
        todo: numbers of those whose output did not exist before.
    """

    rows: list[Row]
    todo: list[int]


def make_files(jobs: Sequence[FileJob], folder: Place, plan: Plan) -> Outcome:
    """Processes files on a cluster; one that fails, or whose worker dies twice, stops no other.

    The summary is written however this ends, by Ctrl-C too.

    Args:
        jobs: with different targets, all of them in `folder`.
        folder: of the summary.
        plan: how.

    Raises:
        SpeechganError: the folder cannot be written, there is no such cluster, it is lost, or the
            work cannot be started.
    """
    names = folder.list_files()
    there = set() if plan.overwrite else {str(folder / name) for name in names}
    todo = [number for number, job in enumerate(jobs) if str(job.target) not in there]
    rows = _begin(jobs, there, read_summary(folder))
    # Written before the work too, so that a folder that cannot be written is reported now.
    write_summary(folder, rows, plan.title)
    unfinished = {str(jobs[number].target) for number in todo}
    _remove_unfinished(folder, names, unfinished)
    try:
        if todo:
            # Closed however it ends, so that all workers end.
            with closing(_make(plan, [jobs[number] for number in todo])) as made:
                for place, row in made:
                    rows[todo[place]] = row
    finally:
        if not folder.scheme:
            # Left by workers that were ended in the middle of a file.
            _remove_unfinished(folder, folder.list_files(), unfinished)
        write_summary(folder, rows, plan.title)
    return Outcome(rows, todo)


def _begin(jobs: Iterable[FileJob], there: set[str], earlier: dict[str, Row]) -> list[Row]:
    """The rows before any work is done."""
    rows = []
    for job in jobs:
        row = Row(str(job.source), str(job.target))
        if row.output not in there:
            row = replace(row, error=NOT_REACHED)
        elif row.output in earlier and earlier[row.output].error is None:
            row = earlier[row.output]
        rows.append(row)
    return rows


def _make(plan: Plan, jobs: Sequence[FileJob]) -> Generator[tuple[int, Row], None, None]:
    """Rows with the numbers of their jobs, as they are finished."""
    hidden = not sys.stderr.isatty()
    cpus = max(1, plan.threads)
    with (
        connect(plan.address, cpus * (plan.workers or 0)) as cluster,
        tqdm(total=len(jobs), unit="file", disable=hidden) as bar,
    ):

        def say(text: str) -> None:
            bar.write(f"speechgan: {text}", file=sys.stderr)

        def lost(number: int, loss: Loss) -> None:
            say(f"{jobs[number].source}: {loss}")
            jobs[number].target.remove_unfinished()

        needs = Needs(plan.workers or cluster.count_room(cpus, plan.gpu), cpus, int(plan.gpu))
        pool = Pool(partial(start_files, plan.start, cluster.scratch), needs, lost, say)
        for number, outcome in pool.run(jobs):
            row = _describe(jobs[number], outcome)
            if row.error:
                say(f"error: {row.error}")
            bar.update()
            yield number, row


def _describe(job: FileJob, outcome: Any) -> Row:
    row = Row(str(job.source), str(job.target))
    if isinstance(outcome, dict):
        return replace(row, **outcome)
    if isinstance(outcome, Loss):
        outcome = f"{job.source}: {outcome}, twice; the memory may be short"
    return replace(row, error=str(outcome))


def _remove_unfinished(folder: Place, names: Iterable[str], targets: set[str]) -> None:
    """Removes unfinished files that killed workers have left beside their targets."""
    for name in map(PurePosixPath, names):
        if (finished := name_finished(name.name)) is not None:
            target = folder / name.with_name(finished)
            if str(target) in targets:
                target.remove_unfinished()
