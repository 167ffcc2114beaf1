"""Processing of items of any kind on a cluster, like `speechgan.utils.workers`."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from speechgan.cluster.connection import connect
from speechgan.cluster.pool import Loss, Needs, Pool
from speechgan.utils.errors import SpeechganError


def run_items(
    address: str,
    workers: int | None,
    start: Callable[[], Callable[[Any], Any]],
    items: Sequence[Any],
) -> Iterator[tuple[int, Any]]:
    """Processes items on a cluster.

    Args:
        address: of `connection.connect`.
        workers: how many; None for as many as the cluster has resources for now.
        start: makes the function that does the work, once in each worker; it and the items are
            pickled.
        items: to be processed.

    Yields:
        The number of an item with its result or its `SpeechganError`, as they are finished.

    Raises:
        SpeechganError: as of `connect` and of `pool.Pool.run`.
    """

    def say(text: str) -> None:
        print(f"speechgan: {text}", file=sys.stderr)

    def lost(number: int, loss: Loss) -> None:
        say(f"item {number + 1} of {len(items)}: {loss}")

    with connect(address, workers or 0) as cluster:
        needs = Needs(workers or cluster.count_room(1))
        start = partial(_start_in, cluster.scratch, start)
        pool = Pool(start, needs, lost, say)
        for number, outcome in pool.run(items):
            if isinstance(outcome, Loss):
                outcome = SpeechganError(f"{outcome}, twice; the memory may be short")
            yield number, outcome


def _start_in(scratch: str | None, start: Callable[[], Callable[[Any], Any]]) -> Any:
    # So files that a killed worker has fetched are removed with the folder of a local Ray.
    tempfile.tempdir = scratch
    return start()
