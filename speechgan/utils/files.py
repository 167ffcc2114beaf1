"""Atomic writing of files and folders: whole or not at all."""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from speechgan.utils.errors import UnwritableError

# Age in seconds from which an unfinished file counts as left by a killed process.
ABANDONED = 24 * 3600.0
_numbers = count()
_UNFINISHED = re.compile(r"\.(.+)\.\d+\.\d+\.part", re.DOTALL)
REMEDY = "free some space or choose another folder"


@contextmanager
def replace_whole(path: str | os.PathLike[str], remedy: str = REMEDY) -> Iterator[Path]:
    """Gives a hidden path beside `path`; its file is renamed to `path` when the block succeeds.

    Parent folders are made. The file is synced to the disk before it is renamed, so that not even a
    power cut leaves half of it. If the block fails, an existing file at `path` stays, and nothing
    else is left.

    Args:
        path: the file to make or replace.
        remedy: advice in the error.

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
    """Like `replace_whole`, for a folder and everything in it.

    A folder cannot replace another in one step: the old one is kept under a hidden name until the
    new one is in place. If the process is killed in between, it stays there, and the next call
    restores it.

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
    """Restores a folder that a process was replacing when it was killed."""
    before = folder.with_name(f".{folder.name}.before")
    if before.exists() and not folder.exists():
        os.replace(before, folder)
    shutil.rmtree(before, ignore_errors=True)


def write_whole(path: str | os.PathLike[str], content: str | bytes, remedy: str = REMEDY) -> None:
    """Writes a file, whole or not at all; text as of `encode_text`.

    Raises:
        UnwritableError: it cannot be written.
    """
    data = encode_text(content) if isinstance(content, str) else content
    with replace_whole(path, remedy) as beside:
        beside.write_bytes(data)


def encode_text(text: str) -> bytes:
    r"""Text in UTF-8; bytes of a file name that are not UTF-8 become escapes such as `\udcff`.

    So the result is valid text, and JSON decodes the escapes to the original name.
    """
    return text.encode(errors="backslashreplace")


def hidden_beside(path: Path) -> Path:
    """A new name for an unfinished `path` of this process; see `remove_unfinished`.

    Each call gives another, so that simultaneous writers of one `path` do not conflict.
    """
    return path.with_name(f".{path.name}.{next(_numbers)}.{os.getpid()}.part")


def name_finished(unfinished: str) -> str | None:
    """The name of the finished file, for a name from `hidden_beside`; otherwise None."""
    match = _UNFINISHED.fullmatch(unfinished)
    return match[1] if match else None


def clear_unfinished(folder: Path) -> None:
    """Removes killed processes' unfinished files from a folder that only this process writes to."""
    for path in folder.glob(".*.[0-9]*.part"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove_unfinished(folder: Path, process: int) -> None:
    """Removes the unfinished files of a killed process from a folder."""
    for path in folder.glob(f".*.{process}.part"):
        path.unlink(missing_ok=True)


def remove_abandoned(folder: Path) -> None:
    """Removes old unfinished files from a folder that other processes may be writing to."""
    for path in folder.glob(".*.[0-9]*.part"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink()


def cannot_write(path: Path, error: Exception, remedy: str = REMEDY) -> UnwritableError:
    """The error of a file that cannot be written, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or "the disk may be full"
    return UnwritableError(f"{path}: cannot be written ({reason}); {remedy}")
