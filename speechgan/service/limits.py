"""Limits of one client, and of all together."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# Above this sample rate a sound counts as longer, as files and work are larger.
USUAL_RATE = 96_000
MOST_ADDRESSES = 10_000


@dataclass(frozen=True)
class Limits:
    """Limits beyond which calls are refused or aborted.

    Attributes:
        body_bytes: of an uploaded file.
        sound_seconds: of a file; its channels count one after the other, see `weigh`.
        transfer_seconds: for a whole body on its way in, and a whole answer on its way out.
        idle_seconds: timeout of an idle client: until a request's header is complete, and between
            two messages of a stream.
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
    """Seconds of sound, summed over channels, and more at rates above 96 kHz."""
    return samples * channels / min(sample_rate, USUAL_RATE)


class CallRate:
    """A rate limit of each address's calls (token bucket), of which a minute's may come at once.

    Args:
        per_minute: how many.
        clock: in seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute, self._clock = per_minute, clock
        # Remaining calls, and the time of that count; the latest address is last.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, address: str) -> bool:
        """Whether this address may call now; if so, the call is counted."""
        now = self._clock()
        left, before = self._left.pop(address, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - before) * self._per_minute / 60)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return allowed
