"""Worker processes: a pool for short tasks, and workers for long items."""

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from speechgan.utils.errors import SpeechganError
from speechgan.utils.interrupts import heed_interrupts

# Spawned, as a forked copy of a process with threads, or with a GPU, may hang.
SPAWN = multiprocessing.get_context("spawn")
POLL_SECONDS = 0.2
# Time for a terminated worker to remove its unfinished files.
END_SECONDS = 3.0

Report = Callable[[float], object]
"""Called with the newly finished amount of an item, in a unit of the caller's choice."""
Work = Callable[[Any, Report], Any]
"""Processes one item."""


def count_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start_workers(count: int) -> ProcessPoolExecutor:
    """A pool of processes that end with their parent, even if that is killed."""
    return ProcessPoolExecutor(count, SPAWN, _follow_parent)


@dataclass(frozen=True)
class WorkerDeath:
    """The end of a worker before its item was finished.

    Attributes:
        process: its ID.
        code: exit code; negative for a signal.
    """

    process: int
    code: int

    def __str__(self) -> str:
        how = signal.Signals(-self.code).name if self.code < 0 else f"exit code {self.code}"
        return f"its worker process {self.process} ended with {how}"


def run_in_workers(
    start: Callable[[], Work],
    items: Sequence[Any],
    count: int,
    progress: Report = lambda amount: None,
    died: Callable[[int, WorkerDeath], object] = lambda number, death: None,
    left: Callable[[int, int], object] = lambda number, process: None,
) -> Iterator[tuple[int, Any]]:
    """Processes items in parallel workers; an item whose worker was killed is tried once more.

    When the iteration is left, by Ctrl-C too, all workers end.

    Args:
        start: makes the function that does the work, once in each process; it and the items are
            pickled.
        items: to be processed.
        count: most processes.
        progress: called with the workers' reports.
        died: called each time that an item's worker was killed.
        left: called with an item's number and the ID of a process that could not clean up after it.

    Yields:
        The number of an item with its result, or with the `SpeechganError` that the work raised, or
        with the second `WorkerDeath`; in the order in which they end.

    Raises:
        RuntimeError: the work raised anything else; with its traceback.
    """
    waiting = deque(range(len(items)))
    retried: set[int] = set()
    workers = [_Worker(start) for _ in range(min(count, len(items)))]
    reported = 0.0
    try:
        while waiting or any(worker.busy for worker in workers):
            for worker in workers:
                if waiting and not worker.busy:
                    worker.give(waiting[0], items[waiting.popleft()])
            wait([handle for worker in workers for handle in worker.handles], POLL_SECONDS)
            answers = [(w, answer) for w in workers if (answer := w.take()) is not None]
            done = sum(worker.done.value for worker in workers)
            progress(done - reported)
            reported = done
            for worker, answer in answers:
                if isinstance(answer, WorkerDeath):
                    left(worker.number, answer.process)
                    died(worker.number, answer)
                    worker.start()
                    if worker.number not in retried:
                        retried.add(worker.number)
                        waiting.appendleft(worker.number)
                        continue
                yield worker.number, answer
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            if worker.end() and worker.busy:
                left(worker.number, worker.process.pid or 0)


class _Worker:
    """A process that works on one item after the other.

    Attributes:
        number: of its last item.
        busy: whether that is not finished yet.
        done: sum of its reports; those of an unfinished item are subtracted if the process dies.
    """

    def __init__(self, start: Callable[[], Work]) -> None:
        self._start, self.number, self.busy = start, -1, False
        self.done = SPAWN.Value("d", 0.0, lock=False)
        self.start()

    def start(self) -> None:
        """A new process, in place of one that has ended."""
        self._connection, theirs = SPAWN.Pipe()
        self.process = SPAWN.Process(
            target=_serve, args=(theirs, self._start, self.done), daemon=True
        )
        self.process.start()
        theirs.close()

    @property
    def handles(self) -> list[Any]:
        """Handles that become ready when there is a result or the process ends."""
        return [self._connection, self.process.sentinel]

    def give(self, number: int, item: Any) -> None:
        """Gives it an item."""
        self.number, self.busy, self._before = number, True, self.done.value
        with contextlib.suppress(OSError):  # it has just died, which `take` finds
            self._connection.send(item)

    def take(self) -> Any:
        """The result, an error or a `WorkerDeath`; None if there is none yet."""
        if not self.busy:
            return None
        try:
            if not self._connection.poll():
                return None
            answer, defect = self._connection.recv()
        except (EOFError, OSError):
            self.process.join()
            self.busy, self.done.value = False, self._before
            return WorkerDeath(self.process.pid or 0, self.process.exitcode or 0)
        if defect:
            raise RuntimeError(f"a worker failed:\n{defect}")
        self.busy = False
        return answer

    def end(self) -> bool:
        """Waits for the process, which was terminated; whether it had to be killed."""
        self.process.join(END_SECONDS)
        kills = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return kills


def _serve(connection: Connection, start: Callable[[], Work], done: Any) -> None:
    """The main loop of a worker."""
    _follow_parent()
    heed_interrupts()

    def report(amount: float) -> None:
        done.value += amount

    work: Work | None = None
    while True:
        item = connection.recv()
        try:
            work = work or start()
            connection.send((work(item, report), None))
        except SpeechganError as error:
            connection.send((error, None))
        except Exception:
            connection.send((None, traceback.format_exc()))


def _follow_parent() -> None:
    # Ctrl-C reaches the workers too, but only the parent should react to it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
