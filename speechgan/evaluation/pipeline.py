"""Runs one job for each recording in worker processes, and gathers the results."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from tqdm import tqdm

from speechgan.evaluation.measure import Measure
from speechgan.evaluation.results import Evaluation, Refusal, Row
from speechgan.evaluation.task import Task
from speechgan.utils.errors import SpeechganError
from speechgan.utils.workers import Work, WorkerDeath, count_cores, run_in_workers

Job = Callable[[Any], Any]
"""Processes one item, or raises a SpeechganError."""

Runner = Callable[[Callable[[], Job], Sequence[Any]], Iterable[tuple[int, Any]]]
"""Processes items elsewhere, given a function that makes the job there; yields the items' numbers
with results or SpeechganErrors."""


def run_jobs(
    job: Job, items: Mapping[str, Any], workers: int | Runner | None, progress: bool
) -> dict[str, Any]:
    """Results by the names of their items, or the SpeechganErrors of those that failed.

    An item whose worker was killed is named on stderr and tried once more.

    Args:
        job: processes one item; it is pickled for the worker processes.
        items: to be processed, by name.
        workers: number of processes; None for one a core. With one, the job runs in this process.
            Or a function that processes the items elsewhere.
        progress: whether to show a bar on stderr, if that is a terminal.
    """
    names, values = list(items), list(items.values())
    count = 0 if callable(workers) else min(workers or count_cores(), len(items))
    hidden = None if progress else True
    results: dict[str, Any] = dict.fromkeys(names)
    with tqdm(total=len(items), desc="evaluate", unit="file", disable=hidden) as bar:

        def died(number: int, death: WorkerDeath) -> None:
            bar.write(f"speechgan: {names[number]}: {death}", file=sys.stderr)

        if callable(workers):
            outcomes = workers(partial(_give, job), values)
        elif count < 2:
            outcomes = _run_here(job, values)
        else:
            outcomes = run_in_workers(partial(_without_report, job), values, count, died=died)
        for number, result in outcomes:
            is_dead = isinstance(result, WorkerDeath)
            results[names[number]] = _explain(result) if is_dead else result
            bar.update()
    return results


def gather(
    task: Task,
    measures: tuple[Measure, ...],
    results: Mapping[str, Row | SpeechganError],
    others: Mapping[str, SpeechganError] | None = None,
) -> Evaluation:
    """An evaluation from the jobs' results.

    Args:
        task: of the evaluation.
        measures: all that were requested.
        results: of each recording, by name.
        others: errors of files that no recording depends on.

    Raises:
        SpeechganError: nothing could be measured.
    """
    found = [*sorted(results.items()), *(others or {}).items()]
    rows = tuple(result for _, result in found if isinstance(result, Row))
    refused = [Refusal(name, str(r)) for name, r in found if not isinstance(r, Row)]
    if not rows:
        raise SpeechganError(
            f"none of the {len(results)} recordings could be measured; "
            f"the first: {refused[0].name}: {refused[0].reason}"
        )
    return Evaluation(task, measures, rows, tuple(refused))


def _run_here(job: Job, items: Sequence[Any]) -> Iterable[tuple[int, Any]]:
    for number, item in enumerate(items):
        try:
            yield number, job(item)
        except SpeechganError as error:
            yield number, error


def _give(job: Job) -> Job:
    """Makes the job for a runner; a module-level function, as it is pickled, like the next."""
    return job


def _without_report(job: Job) -> Work:
    """The same for a worker process, whose work has a second argument for progress reports."""
    return lambda item, report: job(item)


def _explain(death: WorkerDeath) -> SpeechganError:
    return SpeechganError(f"{death}, twice; the memory may be short: try --workers 1")
