"""Worker processes for measures, which hold Python's lock and gain nothing from threads."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def start_workers(count: int) -> ProcessPoolExecutor:
    """A pool of so many processes that end with their parent, however that ends."""
    # Spawned: a forked copy of a process with threads, or with a GPU, may hang.
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _prepare)


def _prepare() -> None:
    # Ctrl-C reaches the workers too; one message, from the parent, is enough.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
