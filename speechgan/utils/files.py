"""Files that appear under their name when they are complete, or not at all."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from speechgan.utils.errors import UnwritableError

# Seconds after which an unfinished file is taken for one that a killed process has left.
ABANDONED = 24 * 3600.0
_numbers = count()
_UNFINISHED = re.compile(r"\.(.+)\.\d+\.\d+\.part", re.DOTALL)
REMEDY = "free some space or choose another folder"


@contextmanager
def replace_whole(path: str | os.PathLike[str], remedy: str = REMEDY) -> Iterator[Path]:
    """Lends a hidden place beside `path`, which becomes `path` when the block ends well.

    Folders above are made. What was written is on the disk before it takes the name, so that not
    even a power cut leaves half of it. When the block fails, what stood at `path` stands there
    still, and nothing else is left.

    Args:
        path: the file to make or replace.
        remedy: what the user can do where it cannot be written.

    Raises:
        UnwritableError: it cannot be written.
    """
    path = Path(path)
    beside = hidden_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        with beside.open("r+b") as file:  # Windows flushes only what is open for writing
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise cannot_write(path, error, remedy) from None
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def replace_folder(folder: str | os.PathLike[str], remedy: str = REMEDY) -> Iterator[Path]:
    """As `replace_whole`, of a folder and everything in it.

    A folder cannot take the place of another in one step: the one before is kept under a hidden
    name until the new one stands. A process that is killed in between leaves it there, and the next
    call brings it back.

    Raises:
        UnwritableError: it cannot be written.
    """
    folder = Path(folder)
    restore_folder(folder)
    beside, before = hidden_beside(folder), folder.with_name(f".{folder.name}.before")
    try:
        beside.mkdir(parents=True)
        yield beside
        if folder.exists():
            os.replace(folder, before)
        try:
            os.replace(beside, folder)
        except OSError:
            restore_folder(folder)
            raise
        shutil.rmtree(before, ignore_errors=True)
    except OSError as error:
        raise cannot_write(folder, error, remedy) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Brings back a folder that a process was about to replace when it was killed."""
    before = folder.with_name(f".{folder.name}.before")
    if before.exists() and not folder.exists():
        os.replace(before, folder)
    shutil.rmtree(before, ignore_errors=True)


def write_whole(path: str | os.PathLike[str], content: str | bytes, remedy: str = REMEDY) -> None:
    """Writes a file, or leaves what stood there; text as of `encode_text`.

    Raises:
        UnwritableError: it cannot be written.
    """
    data = encode_text(content) if isinstance(content, str) else content
    with replace_whole(path, remedy) as beside:
        beside.write_bytes(data)


def encode_text(text: str) -> bytes:
    r"""Text in UTF-8; of a file's name that is not, the bytes that are none as `\udcff`.

    So they can be read in every file, and JSON takes them for what they were.
    """
    return text.encode(errors="backslashreplace")


def hidden_beside(path: Path) -> Path:
    """A new place where this process keeps an unfinished `path`; see `remove_unfinished`.

    Each call gives another, so that two who write one `path` at a time do not mix.
    """
    return path.with_name(f".{path.name}.{next(_numbers)}.{os.getpid()}.part")


def name_finished(unfinished: str) -> str | None:
    """The name of the file of which `hidden_beside` has named an unfinished one, or None."""
    match = _UNFINISHED.fullmatch(unfinished)
    return match[1] if match else None


def clear_unfinished(folder: Path) -> None:
    """Removes what killed processes have left unfinished where this process alone writes."""
    for path in folder.glob(".*.[0-9]*.part"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove_unfinished(folder: Path, process: int) -> None:
    """Removes what a process that was killed has left unfinished in a folder."""
    for path in folder.glob(f".*.{process}.part"):
        path.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Removes what killed processes have left unfinished where other processes may be writing."""
    for path in folder.glob(".*.[0-9]*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink()


def cannot_write(path: Path, error: Exception, remedy: str = REMEDY) -> UnwritableError:
    """The error of a file that cannot be written, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or "the disk may be full"
    return UnwritableError(f"{path}: cannot be written ({reason}); {remedy}")
