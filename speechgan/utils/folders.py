"""Walks through folders."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from speechgan.utils.errors import SpeechganError


def walk_files(
    root: Path, enter: Callable[[Path], bool] = lambda folder: True
) -> Iterator[PurePosixPath]:
    """Every file below a folder, by its relative path, sorted by name.

    A folder's own files come before those in its subfolders. Links to folders are followed, unless
    they lead to a parent folder.

    Args:
        root: to search.
        enter: whether to search a subfolder.

    Raises:
        SpeechganError: a folder cannot be read.
    """
    for parent, children, names in os.walk(root, onerror=_refuse, followlinks=True):
        here = Path(parent)
        above = [here, *(folder for folder in here.parents if folder.is_relative_to(root))]
        children[:] = sorted(
            child
            for child in children
            if enter(here / child) and not _leads_back(here / child, above)
        )
        below = PurePosixPath(here.relative_to(root).as_posix())
        yield from (below / name for name in sorted(names))


def _leads_back(folder: Path, above: Sequence[Path]) -> bool:
    """Whether a folder is a link to one of its parents, or to a folder that contains them."""
    if not folder.is_symlink():
        return False
    target = folder.resolve()
    return any(other.resolve().is_relative_to(target) for other in above)


def _refuse(error: OSError) -> NoReturn:
    raise SpeechganError(
        f"{error.filename}: cannot be looked into ({error.strerror}); make it readable, or move it"
    )
