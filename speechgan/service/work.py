"""A few threads that work, and a line before them that does not grow."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from starlette.types import Receive

Result = TypeVar("Result")


class BusyError(Exception):
    """All threads work, and as many wait as may wait."""


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


class WorkLine:
    """Work done in threads, in the order in which it came.

    Args:
        threads: that work at a time.
        waiting: how many may wait for one.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="speechgan")
        self._free = asyncio.Semaphore(threads)
        self._most = threads + waiting
        self.held = 0
        """Places that are taken, by what is worked on and what waits."""

    def require_place(self) -> None:
        """Refuses what would only be refused once it was uploaded.

        Raises:
            BusyError: there is no place.
        """
        if self.held >= self._most:
            raise BusyError

    async def run(self, work: Callable[[Event], Result]) -> Result:
        """Waits for a thread and what it does.

        Args:
            work: is to end soon after the event is set, which says that nobody waits for it.

        Raises:
            BusyError: there is no place.
        """
        self.require_place()
        self.held += 1
        try:
            async with self._free:
                stop = Event()
                loop = asyncio.get_running_loop()
                running = loop.run_in_executor(self._threads, work, stop)
                try:
                    return await asyncio.shield(running)
                except asyncio.CancelledError:
                    # A thread cannot be ended from outside: its place is free when it is.
                    stop.set()
                    await asyncio.wait([running])
                    running.exception()  # is of no use to anybody
                    raise
        finally:
            self.held -= 1


async def unless_gone(work: Awaitable[Result], receive: Receive) -> Result:
    """Waits for work for as long as the client does; `receive` tells when it is gone.

    Raises:
        ClientGoneError: it went away, and the work was cancelled.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_wait_until_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGoneError
        return working.result()
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
