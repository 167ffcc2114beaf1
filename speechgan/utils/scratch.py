"""Private folders of workers; what killed workers of the same machine have left is removed."""

import os
import shutil
import socket
import tempfile
from pathlib import Path


def lend_scratch(parent: str | None) -> tempfile.TemporaryDirectory[str]:
    """A context manager: a new folder that only this user can open.

    Its name says whose it is, for `remove_orphans`.

    Args:
        parent: where; None for the usual place of temporary files.
    """
    return tempfile.TemporaryDirectory(prefix=f"{_own_prefix()}{os.getpid()}-", dir=parent)


def remove_orphans(parent: str | None) -> None:
    """Removes the recordings that killed workers could not remove, on this machine alone."""
    start = _own_prefix()
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{start}*"):
        number = folder.name.removeprefix(start).partition("-")[0]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _own_prefix() -> str:
    # Several machines may share a folder, and none knows the others' processes.
    return f"speechgan-{socket.gethostname()}-"


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # there, asking would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True
