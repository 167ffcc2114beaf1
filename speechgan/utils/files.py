"""Files that appear under their name when they are complete, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from speechgan.utils.errors import SpeechganError

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
        SpeechganError: it cannot be written.
    """
    path = Path(path)
    beside = hidden_beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise cannot_write(path, error, remedy) from None
    finally:
        with suppress(OSError):
            beside.unlink()


def write_whole(path: str | os.PathLike[str], content: str | bytes, remedy: str = REMEDY) -> None:
    """Writes a file, or leaves what stood there; text in UTF-8.

    Raises:
        SpeechganError: it cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    with replace_whole(path, remedy) as beside:
        beside.write_bytes(data)


def hidden_beside(path: Path) -> Path:
    """Where this process keeps an unfinished `path`; see `remove_unfinished`."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def remove_unfinished(folder: Path, process: int) -> None:
    """Removes what a process that was killed has left unfinished in a folder."""
    for path in folder.glob(f".*.{process}.part"):
        path.unlink(missing_ok=True)


def cannot_write(path: Path, error: Exception, remedy: str = REMEDY) -> SpeechganError:
    """The error of a file that cannot be written, in one line."""
    reason = getattr(error, "strerror", None) or str(error) or "the disk may be full"
    return SpeechganError(f"{path}: cannot be written ({reason}); {remedy}")
