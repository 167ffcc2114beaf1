"""Live sounds of many visitors, heard together: whatever waits goes through the network at once."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from speechgan.audio import Wave
from speechgan.inference.enhancement.streaming import Stream, hear_together

MOST_BLOCKS = 32
"""Heard at once: with more, each takes as long, and the first waits for the last."""


class Together:
    """A thread that hears blocks of all streams: those that came while it was busy, as one batch.

    So the more there is to do, the less each block costs, and nobody waits for others who say
    nothing.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Stream, Wave, asyncio.Future[Wave]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="speechgan-live")
        self._working: asyncio.Task[None] | None = None

    async def hear(self, stream: Stream, block: Wave) -> Wave:
        """What `stream(block)` gives; others wait for it.

        Raises:
            SpeechganError: as the stream.
        """
        heard: asyncio.Future[Wave] = asyncio.get_running_loop().create_future()
        self._waiting.append((stream, block, heard))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await heard

    async def _work(self) -> None:
        """Batch after batch, until nothing waits."""
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
                except Exception as error:  # a defect is everybody's, and nobody waits for ever
                    outcomes = [error] * len(batch)
                for future, outcome in zip(heard, outcomes, strict=True):
                    if future.done():
                        continue  # the visitor is gone
                    if isinstance(outcome, Exception):
                        future.set_exception(outcome)
                    else:
                        future.set_result(outcome)
        finally:
            self._working = None
