"""Signals that end a process, deferred while a library would swallow the exception."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_held = 0
_pending = 0


def heed_interrupts() -> None:
    """Makes SIGINT and SIGTERM raise exceptions, so that every `with` and `finally` cleans up.

    An ignored SIGINT, as of a shell's background job, stays ignored. Outside the main thread, where
    Python allows no signal handlers, it does nothing.
    """
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, _end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)


@contextmanager
def put_off_interrupts() -> Iterator[None]:
    """Defers the exception of a signal within the block to the end of the block.

    For calls of C libraries that call back into Python, where an exception would be printed and
    ignored.
    """
    global _held
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if _pending and not _held:
            _raise()


def _end(number: int, frame: FrameType | None) -> None:
    global _pending
    _pending = number
    if not _held:
        _raise()


def _raise() -> None:
    global _pending
    number, _pending = _pending, 0
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
