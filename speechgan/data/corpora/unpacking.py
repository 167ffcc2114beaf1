"""Unpacks selected members of an untrusted archive, and writes nothing outside the folder."""

import gzip
import os
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from speechgan.data.corpora.catalogue import Layout
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write

PIECE = 2**20
Member = tuple[str, IO[bytes] | None]
"""Name and content of a member; None for the content of what is no plain file."""


def unpack(
    path: Path, layout: Layout, into: Path, most: int, progress: Callable[[int], None]
) -> int:
    """Unpacks the members that a layout selects, and checks the archive to its end.

    Links, devices and names that lead out of the folder are refused, and so is an archive that
    unpacks to more than `most` bytes.

    Args:
        path: a `.zip` or a `.tar.gz`.
        layout: see `Archive`.
        into: target folder, which is made.
        most: limit of the unpacked size, in bytes.
        progress: called with the number of bytes written.

    Returns:
        The number of files.

    Raises:
        SpeechganError: the archive is damaged, unexpected or refused, or cannot be unpacked here.
    """
    written = files = 0
    open_archive = _open_zip if path.suffix == ".zip" else _open_tar
    try:
        with open_archive(path) as members:
            for name, content in members:
                target = _find_place(path, name, layout)
                if target is None:
                    continue
                if content is None:
                    raise SpeechganError(f"{path}: {name} is a link or a device; not unpacked")
                for piece in _copy(content, into / target):
                    written += piece
                    if written > most:
                        raise SpeechganError(
                            f"{path}: unpacks to more than {most} bytes; not what was published"
                        )
                    progress(written)
                files += 1
    except (zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise SpeechganError(f"{path}: damaged ({error}); remove it, and fetch again") from None
    except (NotImplementedError, RuntimeError) as error:  # of zipfile: encrypted, or too new
        raise SpeechganError(f"{path}: cannot be unpacked ({error})") from None
    except OSError as error:
        raise cannot_write(Path(error.filename or into), error) from None
    if not files:
        raise SpeechganError(f"{path}: holds none of the files that were expected")
    return files


def merge(source: Path, target: Path) -> None:
    """Moves everything in a folder to the same place in another, which must be on the same disk.

    Raises:
        SpeechganError: it cannot be written.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path in list(source.iterdir()):
            beside = target / path.name
            if path.is_dir() and beside.is_dir():
                merge(path, beside)
            else:
                os.replace(path, beside)
        shutil.rmtree(source)
    except OSError as error:
        raise cannot_write(target, error) from None


def _find_place(archive: Path, name: str, layout: Layout) -> PurePosixPath | None:
    """The target of a member; None if it is not selected.

    Raises:
        SpeechganError: its name leads out of the folder.
    """
    path, windows = PurePosixPath(name), PureWindowsPath(name)
    if path.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        raise SpeechganError(f"{archive}: {name!r} leads out of the folder; nothing is unpacked")
    for pattern, target in layout:
        if match := re.fullmatch(pattern, name):
            return PurePosixPath(match.expand(target))
    return None


def _copy(content: IO[bytes], target: Path) -> Iterator[int]:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:  # fails if two members have one target
        while piece := content.read(PIECE):
            file.write(piece)
            yield len(piece)


@contextmanager
def _open_zip(path: Path) -> Iterator[Iterator[Member]]:
    with zipfile.ZipFile(path) as archive:
        yield _list_zip(archive)


def _list_zip(archive: zipfile.ZipFile) -> Iterator[Member]:
    for entry in archive.infolist():
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if entry.is_dir():
            continue
        if kind not in (0, stat.S_IFREG):
            yield entry.filename, None
            continue
        with archive.open(entry) as content:
            yield entry.filename, content


@contextmanager
def _open_tar(path: Path) -> Iterator[Iterator[Member]]:
    with gzip.open(path) as plain:
        with tarfile.open(fileobj=plain, mode="r|") as archive:
            yield _list_tar(archive)
        # gzip's checksum comes last, after all that tarfile reads.
        while plain.read(PIECE):
            pass


def _list_tar(archive: tarfile.TarFile) -> Iterator[Member]:
    for entry in archive:
        if not entry.isdir():
            yield entry.name, archive.extractfile(entry) if entry.isfile() else None
