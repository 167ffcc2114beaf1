"""Items done by actors of a Ray cluster, whatever becomes of the actors.

Actors and not Ray Data, which does a block of rows anew when a worker dies: a file is a long job
with an effect outside of Ray, and one that kills its workers must not take others with it.
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
"""Items given to an actor at a time: one is done, the others wait, so that it never does."""
# Actors that die before they have loaded the work, in a row, until none is expected to.
_STILLBORN = 10
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Needs:
    """What the actors take of a cluster.

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
    """How an actor was lost with an item.

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
    """What an actor does: makes the work once, then does an item after another."""

    def start(self, start: Callable[[], Callable[[Any], Any]]) -> str | SpeechganError:
        """Its process and machine, or why the work cannot be made."""
        try:
            self._work = start()
        except SpeechganError as error:
            return error
        return name_worker()

    def do(self, item: Any) -> Any:
        """What the work makes of an item, or the error of its own that it raises."""
        try:
            return self._work(item)
        except SpeechganError as error:
            return error


@dataclass(eq=False)
class _Actor:
    """An actor as seen from here.

    Attributes:
        handle: to call it.
        starting: its answer to `start`; None once that is here.
        given: answers and numbers of its items, in the order in which it does them.
        worker: as of `Loss`.
    """

    handle: Any
    starting: Any
    given: deque[tuple[Any, int]] = field(default_factory=deque)
    worker: str = ""

    @property
    def awaited(self) -> Any:
        """What it answers next; None if it has nothing to do."""
        return self.starting or (self.given[0][0] if self.given else None)


class Pool:
    """Actors that do items; a lost one is replaced, and its item tried once more.

    Args:
        start: makes the work, once in each actor; it and the items go there by pickle.
        needs: of the actors.
        lost: told the number of each item that was lost with its actor, and how.
        say: told what a user may have to do something about.
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
        """Does items; when the iteration is left, all actors end.

        Yields:
            The number of an item with its result, or with the `SpeechganError` that the work
            raised, or with the second `Loss`; in the order in which they end.

        Raises:
            SpeechganError: the work cannot be made, or the cluster is lost.
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
        """Gives each what it lacks; towards the end no item waits behind another.

        Nor does one that was lost before: it may kill again, and what was done just before it would
        be taken for what kills, if the actor has had no time to answer.
        """
        depth = DEPTH if len(waiting) > len(self._actors) else 1
        for actor in self._actors:
            while waiting and not actor.starting and len(actor.given) < depth:
                if actor.given and waiting[0] in lost_once:
                    break
                number = waiting.popleft()
                actor.given.append((actor.handle.do.remote(items[number]), number))

    def _wait(self) -> list[_Actor]:
        """Those that have answered."""
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
            # It did them in order: the first is what it was lost with.
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
        _kill(actor)  # one that was only cut off must not go on beside the next
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

    # Whatever is wrong with a cluster that is being left is no reason to say so in place of why.
    with contextlib.suppress(Exception):
        ray.kill(actor.handle)
