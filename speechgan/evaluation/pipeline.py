"""One job for each recording, in worker processes; and what they found as an evaluation."""

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
"""Does one item, or raises a SpeechganError that says why it cannot."""

Runner = Callable[[Callable[[], Job], Sequence[Any]], Iterable[tuple[int, Any]]]
"""Does items elsewhere, given what makes the job there: numbers with results or SpeechganErrors."""


def run_jobs(
    job: Job, items: Mapping[str, Any], workers: int | Runner | None, progress: bool
) -> dict[str, Any]:
    """Results by the name of their item; a SpeechganError in place of one says why it is missing.

    An item whose worker was killed is named on stderr and tried once more.

    Args:
        job: does one item; in a process of its own, so that it goes there by pickle.
        items: what is to be done, by name.
        workers: processes; None for one a core. With one, the job is done in this process. Or what
            does the items elsewhere.
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
    """An evaluation of what the jobs found.

    Args:
        task: which kind it is.
        measures: every one that was asked for.
        results: of each recording, by name.
        others: files that could not be read, but that no recording depends on.

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
    """Makes the job where a runner does it; goes there by pickle, as the next does."""
    return job


def _without_report(job: Job) -> Work:
    """The same for a worker process, whose work is also told how to report progress."""
    return lambda item, report: job(item)


def _explain(death: WorkerDeath) -> SpeechganError:
    return SpeechganError(f"{death}, twice; the memory may be short: try --workers 1")
