"""Many files, each made exactly once, whatever stops on the way.

What is done is known by the outputs alone: each is whole or absent, so a second run of the same
command does what is absent. A worker that is killed between putting an output and saying so has it
made again, whole, in the place of the same.
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
    """How files are made on a cluster.

    Attributes:
        address: of `connection.connect`.
        start: makes the work, once in each worker; goes there by pickle.
        title: of the summary.
        overwrite: whether outputs that exist are made again.
        workers: how many; None for as many as the cluster has room for now.
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
    """What became of the jobs.

    Attributes:
        rows: of each, in the order of the jobs.
        todo: numbers of those whose output was not there before.
    """

    rows: list[Row]
    todo: list[int]


def make_files(jobs: Sequence[FileJob], folder: Place, plan: Plan) -> Outcome:
    """Makes files on a cluster; one that fails, or is lost with two workers, stops no other.

    The summary is in the folder whenever this stops, by Ctrl-C too.

    Args:
        jobs: no two with one target, all of them in `folder`.
        folder: where the summary is kept.
        plan: how.

    Raises:
        SpeechganError: the folder cannot be written, there is no such cluster, it is lost, or the
            work cannot be made.
    """
    names = folder.list_files()
    there = set() if plan.overwrite else {str(folder / name) for name in names}
    todo = [number for number, job in enumerate(jobs) if str(job.target) not in there]
    rows = _begin(jobs, there, read_summary(folder))
    # Written before the work too: a folder that cannot be written is said now.
    write_summary(folder, rows, plan.title)
    unfinished = {str(jobs[number].target) for number in todo}
    _remove_unfinished(folder, names, unfinished)
    try:
        if todo:
            # Closed whatever happens, so that no worker goes on.
            with closing(_make(plan, [jobs[number] for number in todo])) as made:
                for place, row in made:
                    rows[todo[place]] = row
    finally:
        if not folder.scheme:
            # Of workers that were ended in the middle of a file.
            _remove_unfinished(folder, folder.list_files(), unfinished)
        write_summary(folder, rows, plan.title)
    return Outcome(rows, todo)


def _begin(jobs: Iterable[FileJob], there: set[str], earlier: dict[str, Row]) -> list[Row]:
    """What is known before anything is made."""
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
    """Rows by the number of their job, as they come."""
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
    """Removes what killed workers have left beside what is to be made."""
    for name in map(PurePosixPath, names):
        if (finished := name_finished(name.name)) is not None:
            target = folder / name.with_name(finished)
            if str(target) in targets:
                target.remove_unfinished()
