"""Dynamic batching of live streams: waiting blocks go through the network together."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from speechgan.audio import Wave
from speechgan.inference.enhancement.streaming import Stream, hear_together

MOST_BLOCKS = 32
"""Largest batch: more do not reduce the time for a block, but delay the first."""


class Together:
    """A thread that processes blocks of all streams; those that arrive meanwhile form a batch.

    So with more load each block takes less time, and no stream waits for idle ones.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Stream, Wave, asyncio.Future[Wave]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speechgan-live")
        self._working: asyncio.Task[None] | None = None

    async def hear(self, stream: Stream, block: Wave) -> Wave:
        """The result of `stream(block)`, computed in a batch.

        Raises:
            SpeechganError: as the stream.
        """
        heard: asyncio.Future[Wave] = asyncio.get_running_loop().create_future()
        self._waiting.append((stream, block, heard))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await heard

    async def _work(self) -> None:
        """Processes batches until no block waits."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_BLOCKS], self._waiting[MOST_BLOCKS:]
                streams, blocks, heard = zip(*batch, strict=True)
                outcomes: Sequence[Wave | Exception]
                try:
                    outcomes = await loop.run_in_executor(
                        self._thread, hear_together, streams, blocks
                    )
                except Exception as error:  # a defect fails all of them, and none waits forever
                    outcomes = [error] * len(batch)
                for future, outcome in zip(heard, outcomes, strict=True):
                    if future.done():
                        continue  # the client has disconnected
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            self._working = None
