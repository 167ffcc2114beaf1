"""A thread pool with a bounded queue."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TypeVar

from starlette.types import Receive

Result = TypeVar("Result")


class BusyError(Exception):
    """All threads are busy, and the queue is full."""


class ClientGoneError(Exception):
    """The client has disconnected."""


class WorkLine:
    """Runs work in threads, in the order of its arrival.

    Args:
        threads: number of threads.
        waiting: length of the queue.
    """

    def __init__(self, threads: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="speechgan")
        self._free = asyncio.Semaphore(threads)
        self._most = threads + waiting
        self.held = 0
        """Number of running and waiting works."""

    def require_place(self) -> None:
        """Checks the queue before an upload, which would be refused afterwards.

        Raises:
            BusyError: it is full.
        """
        if self.held >= self._most:
            raise BusyError

    async def run(self, work: Callable[[Event], Result]) -> Result:
        """Runs work in a thread, and waits for it.

        Args:
            work: called with an event; it should end soon after that is set, as its result is no
                longer needed.

        Raises:
            BusyError: the queue is full.
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
                    # A thread cannot be killed, so its place stays taken until it ends.
                    stop.set()
                    await asyncio.wait([running])
                    running.exception()  # marked as retrieved, and ignored
                    raise
        finally:
            self.held -= 1


async def unless_gone(work: Awaitable[Result], receive: Receive) -> Result:
    """Waits for work until the client disconnects, which `receive` reports.

    Raises:
        ClientGoneError: it has disconnected, and the work was cancelled.
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
