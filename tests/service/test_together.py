"""Live sounds of many visitors: each heard as if it were alone, and none made to wait for long."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

pytest.importorskip("fastapi")

from speechgan import Enhancer
from speechgan.inference.enhancement.streaming import Stream
from speechgan.service import together
from speechgan.service.together import MOST_BLOCKS, Together
from speechgan.utils.errors import SpeechganError

BLOCK = (0.1 * np.random.default_rng(3).standard_normal(800)).astype(np.float32)


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many blocks were heard at a time."""
    sizes: list[int] = []
    hear = together.hear_together

    def watch(streams: Sequence[Stream], blocks: Sequence[np.ndarray]) -> Any:
        sizes.append(len(streams))
        return hear(streams, blocks)

    monkeypatch.setattr(together, "hear_together", watch)
    return sizes


@pytest.fixture
def enhancer() -> Enhancer:
    return Enhancer.from_pretrained("tiny")


def test_what_waits_is_heard_at_once(batches: list[int], enhancer: Enhancer) -> None:
    streams = [enhancer.stream(16000) for _ in range(MOST_BLOCKS + 3)]
    blocks = [BLOCK * 0.9**number for number in range(len(streams))]

    async def hear() -> list[np.ndarray]:
        line = Together()
        return await asyncio.gather(*map(line.hear, streams, blocks))

    for made, block in zip(asyncio.run(hear()), blocks, strict=True):
        expected = enhancer.stream(16000)(block)
        np.testing.assert_allclose(made, expected, atol=1e-3 * np.abs(expected).max())
    assert batches == [MOST_BLOCKS, 3]


def test_who_is_refused_or_gone_takes_nobody_along(batches: list[int], enhancer: Enhancer) -> None:
    streams = [enhancer.stream(16000) for _ in range(3)]

    async def hear() -> list[Any]:
        line = Together()
        blocks = [BLOCK, np.full(800, np.nan, np.float32), BLOCK]
        tasks = [
            asyncio.create_task(line.hear(*pair)) for pair in zip(streams, blocks, strict=True)
        ]
        await asyncio.sleep(0)
        tasks[0].cancel()
        async with asyncio.timeout(120):
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            return [*outcomes, await line.hear(streams[2], BLOCK)]

    gone, refused, heard, after = asyncio.run(hear())
    alone = enhancer.stream(16000)
    np.testing.assert_allclose(heard, alone(BLOCK), atol=1e-4)
    assert isinstance(refused, SpeechganError)
    assert isinstance(gone, asyncio.CancelledError)
    np.testing.assert_allclose(after, alone(BLOCK), atol=1e-4)
    assert batches == [3, 1]


def test_nobody_waits_for_ever_after_a_defect(
    monkeypatch: pytest.MonkeyPatch, enhancer: Enhancer
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def hear() -> list[Any]:
        line = Together()
        stream = enhancer.stream(16000)
        with monkeypatch.context() as patch:
            patch.setattr(together, "hear_together", fail)
            pair = [line.hear(stream, BLOCK), line.hear(enhancer.stream(16000), BLOCK)]
            outcomes = await asyncio.gather(*pair, return_exceptions=True)
        return [*outcomes, await line.hear(stream, BLOCK)]

    *failed, after = asyncio.run(hear())
    assert [type(outcome) for outcome in failed] == [ZeroDivisionError] * 2
    assert len(after)
