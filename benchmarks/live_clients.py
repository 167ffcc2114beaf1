"""Clients of live streams, in a process of their own, for benchmarks/service.py.

`python benchmarks/live_clients.py --port N --streams N ...` opens them all, prints `begin`, sends
each stream's blocks when they would have been recorded, and prints JSON: seconds from the sending
of each block to its answer, and seconds by which the sending itself was late.
"""

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from websockets.asyncio.client import ClientConnection, connect

RATE = 16000
SOUND = Path(__file__).parents[1] / "examples" / "noisy" / "p228_coffee-shop.flac"
WARM_UP = 1.0
"""Seconds at the beginning that are not counted."""
PATIENCE = 120.0
"""Seconds to wait for answers after the last block; what has not come then is lost."""


@dataclass
class Times:
    """In seconds: of each block, from sending to its answer; and by how much sending was late."""

    delays: list[float] = field(default_factory=list)
    slips: list[float] = field(default_factory=list)
    lost: int = 0


async def run(arguments: argparse.Namespace) -> Times:
    """Opens the streams, and has them all speak at the same time."""
    blocks = cut(arguments.block)
    url = f"ws://127.0.0.1:{arguments.port}/stream"
    sockets = [await connect(url, open_timeout=60) for _ in range(arguments.streams)]
    opening = json.dumps({"sample_rate": RATE, "encoding": "s16le"})
    for socket in sockets:
        await socket.send(opening)
    print("begin", flush=True)
    times, start = Times(), time.perf_counter() + 0.1
    # Real ones do not begin in step.
    phases = np.random.default_rng(0).uniform(0, arguments.block, len(sockets))
    count = round((WARM_UP + arguments.seconds) / arguments.block)
    await asyncio.gather(
        *(
            follow(socket, blocks, start + phase, count, arguments.block, times)
            for socket, phase in zip(sockets, phases, strict=True)
        )
    )
    await asyncio.gather(*(socket.close() for socket in sockets))
    return times


async def follow(
    socket: ClientConnection,
    blocks: list[bytes],
    start: float,
    count: int,
    seconds: float,
    times: Times,
) -> None:
    """One stream: its blocks on their way, whether or not the answers keep up."""
    sent: list[float] = []

    async def speak() -> None:
        for number in range(count):
            due = start + number * seconds
            await asyncio.sleep(due - time.perf_counter())
            sent.append(time.perf_counter())
            if number * seconds >= WARM_UP:
                times.slips.append(sent[-1] - due)
            await socket.send(blocks[number % len(blocks)])

    speaking = asyncio.ensure_future(speak())
    heard = 0
    try:
        async with asyncio.timeout(count * seconds + PATIENCE):
            while heard < count:
                await socket.recv()
                if heard * seconds >= WARM_UP:
                    times.delays.append(time.perf_counter() - sent[heard])
                heard += 1
            await speaking
    except (TimeoutError, OSError, EOFError):
        times.lost += count - heard
    finally:
        speaking.cancel()


def cut(seconds: float) -> list[bytes]:
    """Blocks of a noisy recording, of 16-bit samples."""
    wave, rate = soundfile.read(SOUND, dtype="int16")
    wave = wave.reshape(len(wave), -1)[:, 0]
    assert rate == RATE
    size = round(seconds * RATE)
    return [wave[i : i + size].tobytes() for i in range(0, len(wave) - size + 1, size)]


def main() -> None:
    """Runs, and prints."""
    parser = argparse.ArgumentParser(description="Open live streams and time their answers.")
    add = parser.add_argument
    add("--port", type=int, required=True)
    add("--streams", type=int, required=True)
    add("--seconds", type=float, required=True)
    add("--block", type=float, required=True, help="seconds")
    times = asyncio.run(run(parser.parse_args()))
    print(json.dumps(vars(times)))


if __name__ == "__main__":
    main()
