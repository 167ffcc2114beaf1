"""An orderly end for a run that is asked to stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopRequest:
    """Whether a signal asked the run to stop.

    Attributes:
        signal: its number, 0 for none.
    """

    signal: int = 0


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Notes the first SIGTERM or Ctrl-C, so that a step can be finished; a second one ends at once.

    Outside the main thread, where Python allows no signal handlers, nothing is ever noted.
    """
    request = StopRequest()

    def note(number: int, frame: FrameType | None) -> None:
        request.signal = number
        signal.signal(number, signal.SIG_DFL)

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    previous = {n: signal.signal(n, note) for n in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
