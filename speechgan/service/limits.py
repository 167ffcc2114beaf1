"""How much one visitor, and all of them together, may ask for."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Sample rates beyond it make larger files and more work; no microphone needs them.
USUAL_RATE = 96_000
MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class Limits:
    """What is refused, or cut off, beyond it.

    Attributes:
        body_bytes: of an uploaded file.
        sound_seconds: of a file; its channels count one after the other, see `weigh`.
        transfer_seconds: for a whole body on its way in, and a whole answer on its way out.
        idle_seconds: that a client may say nothing: before a request's header is complete, and
            between two messages of a stream.
        stream_seconds: from the beginning of a stream to its end.
        streams: open at a time.
        connections: open at a time; the one that reaches this number is answered 503.
        calls_per_minute: of one address.
    """

    body_bytes: int = 64 * 2**20
    sound_seconds: float = 1200.0
    transfer_seconds: float = 60.0
    idle_seconds: float = 20.0
    stream_seconds: float = 3600.0
    streams: int = 8
    connections: int = 64
    calls_per_minute: int = 120


def weigh(samples: int, sample_rate: int, channels: int) -> float:
    """Seconds of work in a sound: of all its channels, and more at rates above 96 kHz."""
    return samples * channels / min(sample_rate, USUAL_RATE)


class CallRate:
    """Calls of each address, no more than so many a minute, of which all may come at once.

    Args:
        per_minute: how many.
        clock: tells seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        # Calls that are left, and when that was so; the address that came last stands last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, address: str) -> bool:
        """Whether this address may call now, which counts as a call if it may."""
        now = self._clock()
        left, before = self._left.pop(address, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - before) * self._per_minute / 60)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return allowed
