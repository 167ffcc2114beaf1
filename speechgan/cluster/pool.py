"""Processing of items by actors of a Ray cluster, robust against the loss of actors.

Not by Ray Data, which repeats a block of rows when a worker dies: a file is a long job with an
effect outside of Ray, and one that kills its workers must not affect others.
"""

import contextlib
import os
import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from speechgan.utils.errors import SpeechganError

DEPTH = 2
"""Items queued at an actor: one is processed, the others wait, so that it is never idle."""
# Actors in a row that may die before they have loaded the work, until the run is given up.
_STILLBORN = 10
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Needs:
    """Resources of the actors.

    Attributes:
        actors: how many.
        cpus: of each.
        gpus: of each.
    """

    actors: int
    cpus: int = 1
    gpus: int = 0


@dataclass(frozen=True)
class Loss:
    """The loss of an actor with its item.

    Attributes:
        worker: its process and machine.
    """

    worker: str

    def __str__(self) -> str:
        return f"its worker {self.worker} was killed or cut off"


def name_worker() -> str:
    """This process and its machine."""
    return f"{os.getpid()} on {socket.gethostname()}"


class Worker:
    """The class of the actors: loads the work once, then processes items one after the other."""

    def start(self, start: Callable[[], Callable[[Any], Any]]) -> str | SpeechganError:
        """Loads the work; its process and machine, or why the work cannot be started."""
        try:
            self._work = start()
        except SpeechganError as error:
            return error
        return name_worker()

    def do(self, item: Any) -> Any:
        """The result of the work for an item, or the `SpeechganError` that it raised."""
        try:
            return self._work(item)
        except SpeechganError as error:
            return error


@dataclass(eq=False)
class _Actor:
    """An actor as this process sees it.

    Attributes:
        handle: to call it.
        starting: the pending result of `start`; None once it has arrived.
        given: pending results and numbers of its items, in the order of processing.
        worker: as of `Loss`.
    """

    handle: Any
    starting: Any
    given: deque[tuple[Any, int]] = field(default_factory=deque)
    worker: str = ""

    @property
    def awaited(self) -> Any:
        """Its next pending result; None if it has nothing to do."""
        return self.starting or (self.given[0][0] if self.given else None)


class Pool:
    """Actors that process items; a lost one is replaced, and its item tried once more.

    Args:
        start: makes the function that does the work, once in each actor; it and the items are
            pickled.
        needs: of the actors.
        lost: called with the number of each item that was lost with its actor, and the loss.
        say: called with messages for the user.
    """

    def __init__(
        self,
        start: Callable[[], Callable[[Any], Any]],
        needs: Needs,
        lost: Callable[[int, Loss], object] = lambda number, loss: None,
        say: Callable[[str], object] = lambda text: None,
    ) -> None:
        self._start, self._needs, self._lost, self._say = start, needs, lost, say
        self._actors: list[_Actor] = []
        self._stillborn = 0

    def run(self, items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """Processes items; when the iteration is left, all actors end.

        Yields:
            The number of an item with its result, or with the `SpeechganError` that the work
            raised, or with the second `Loss`; in the order in which they end.

        Raises:
            SpeechganError: the work cannot be started, or the cluster is lost.
        """
        import ray

        waiting = deque(range(len(items)))
        lost_once: set[int] = set()
        self._actors = [self._make() for _ in range(min(self._needs.actors, len(items)))]
        try:
            while waiting or any(actor.given for actor in self._actors):
                self._feed(waiting, items, lost_once)
                for actor in self._wait():
                    yield from self._take(actor, waiting, lost_once)
        except (ConnectionError, ray.exceptions.RaySystemError) as error:
            reason = " ".join(str(error).split())[:200]
            raise SpeechganError(
                f"the cluster is gone ({reason}); what was finished stays: run the same command "
                "again once it is back"
            ) from None
        finally:
            for actor in self._actors:
                _kill(actor)

    def _make(self) -> _Actor:
        import ray

        handle: Any = (
            ray.remote(Worker)
            .options(
                num_cpus=self._needs.cpus,
                num_gpus=self._needs.gpus,
                scheduling_strategy="SPREAD",
                max_restarts=0,
            )
            .remote()
        )
        return _Actor(handle, handle.start.remote(self._start))

    def _feed(self, waiting: deque[int], items: Sequence[Any], lost_once: set[int]) -> None:
        """Fills the actors' queues; towards the end no item is queued behind another.

        Nor is one that was lost before: it may kill its actor again, and if the actor had no time
        to return the result of the item before it, that item would be blamed.
        """
        depth = DEPTH if len(waiting) > len(self._actors) else 1
        for actor in self._actors:
            while waiting and not actor.starting and len(actor.given) < depth:
                if actor.given and waiting[0] in lost_once:
                    break
                number = waiting.popleft()
                actor.given.append((actor.handle.do.remote(items[number]), number))

    def _wait(self) -> list[_Actor]:
        """Actors with a result."""
        import ray

        awaited = {actor.awaited: actor for actor in self._actors if actor.awaited}
        ready, _ = ray.wait(list(awaited), timeout=_PATIENCE_SECONDS)
        if not ready and all(actor.starting for actor in self._actors):
            self._say("no worker has started yet: the cluster is busy or too small (ray status)")
        return [awaited[answer] for answer in ready]

    def _take(
        self, actor: _Actor, waiting: deque[int], lost_once: set[int]
    ) -> Iterator[tuple[int, Any]]:
        import ray

        try:
            answer = ray.get(actor.awaited)
        except ray.exceptions.RayTaskError as error:
            raise RuntimeError(f"a worker failed:\n{error}") from None
        except ray.exceptions.RaySystemError:
            raise
        except ray.exceptions.RayError as error:
            self._replace(actor, error)
            # Items are processed in order, so it was lost with the first.
            waiting.extendleft(number for _, number in reversed(list(actor.given)[1:]))
            if actor.given:
                number, loss = actor.given[0][1], Loss(actor.worker)
                self._lost(number, loss)
                if number in lost_once:
                    yield number, loss
                else:
                    lost_once.add(number)
                    waiting.appendleft(number)
            return
        if actor.starting:
            if isinstance(answer, SpeechganError):
                raise answer
            actor.starting, actor.worker, self._stillborn = None, answer, 0
        else:
            yield actor.given.popleft()[1], answer

    def _replace(self, actor: _Actor, error: Exception) -> None:
        _kill(actor)  # in case that it is only disconnected, and still runs
        self._stillborn += bool(actor.starting)
        if self._stillborn >= _STILLBORN:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            raise SpeechganError(
                f"the cluster's workers do not start ({lines[-1]}); each machine of it needs "
                "speechgan as it is here"
            )
        self._actors[self._actors.index(actor)] = self._make()


def _kill(actor: _Actor) -> None:
    import ray

    # Errors of a cluster that is being left must not hide the reason for leaving.
    with contextlib.suppress(Exception):
        ray.kill(actor.handle)
