"""Signals that end a process, put off while a library would swallow the exception."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_held = 0
_pending = 0


def heed_interrupts() -> None:
    """Ctrl-C and being told to end run the clean-up of every `with` and `finally` on the way out.

    A Ctrl-C that is ignored, as in a shell's background, stays ignored. Outside the main thread,
    where Python allows no signal handlers, nothing changes.
    """
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, _end)
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, _end)


@contextmanager
def put_off_interrupts() -> Iterator[None]:
    """Ends the process after the block and not within it, if it is told to end within it.

    For calls of C libraries that call back into Python: an exception in there would be printed and
    forgotten.
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
