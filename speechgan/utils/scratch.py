"""Private temporary folders of workers, and removal of those that killed workers have left."""

import os
import shutil
import socket
import tempfile
from pathlib import Path


def lend_scratch(parent: str | None) -> tempfile.TemporaryDirectory[str]:
    """A context manager of a new folder that only this user can open.

    Its name has machine and process, for `remove_orphans`.

    Args:
        parent: folder; None for the default temporary folder.
    """
    return tempfile.TemporaryDirectory(prefix=f"{_own_prefix()}{os.getpid()}-", dir=parent)


def remove_orphans(parent: str | None) -> None:
    """Removes the folders of killed workers of this machine."""
    start = _own_prefix()
    for folder in Path(parent or tempfile.gettempdir()).glob(f"{start}*"):
        number = folder.name.removeprefix(start).partition("-")[0]
        if number.isdecimal() and not _is_alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _own_prefix() -> str:
    # Machines may share a folder, and do not know each other's processes.
    return f"speechgan-{socket.gethostname()}-"


def _is_alive(process: int) -> bool:
    if os.name == "nt":
        return True  # on Windows os.kill would end the process
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # alive, but another user's
    return True
