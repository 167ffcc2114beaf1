"""Files by path or URL: listed, fetched, and written whole or not at all."""

import functools
import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path, PurePosixPath
from typing import Any

from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra
from speechgan.utils.files import encode_text, replace_whole, write_whole
from speechgan.utils.folders import walk_files
from speechgan.utils.scratch import lend_scratch, remove_orphans

STORES = {"s3": "s3fs", "gs": "gcsfs"}
"""The library that opens an object store, by the scheme of its URLs; all of them write objects
atomically."""


def is_url(text: str) -> bool:
    """Whether it is a URL, not a path."""
    return "://" in text


@dataclass(frozen=True)
class Place:
    """A file or folder, on a disk that all workers see or in an object store.

    Attributes:
        scheme: of its URL; empty on a disk.
        path: absolute; in a store, bucket and key.
    """

    scheme: str
    path: str

    @classmethod
    def parse(cls, text: str) -> "Place":
        """A path or a URL.

        Raises:
            SpeechganError: a URL of an unknown scheme, or one whose library is not installed.
        """
        scheme, mark, rest = text.partition("://")
        if not mark or scheme == "file":
            return cls("", Path(os.path.abspath(rest if mark else text)).as_posix())
        if scheme not in STORES or not rest.strip("/"):
            raise SpeechganError(f"{text}: not a URL that is known; give file://, s3:// or gs://")
        library = STORES[scheme]
        if importlib.util.find_spec(library) is None:
            raise missing_extra(library, text)
        return cls(scheme, rest.strip("/"))

    def __str__(self) -> str:
        return f"{self.scheme}://{self.path}" if self.scheme else self.path

    def __truediv__(self, relative: str | PurePosixPath) -> "Place":
        return Place(self.scheme, f"{self.path.rstrip('/')}/{relative}")

    @property
    def parent(self) -> "Place":
        """Its folder."""
        return Place(self.scheme, str(PurePosixPath(self.path).parent))

    @property
    def name(self) -> str:
        """The last part of its path."""
        return PurePosixPath(self.path).name

    @property
    def stem(self) -> str:
        """Its name without the extension."""
        return PurePosixPath(self.path).stem

    def holds(self, other: "Place") -> bool:
        """Whether `other` is this place or lies below it."""
        below = f"{other.path}/".startswith(f"{self.path.rstrip('/')}/")
        return self.scheme == other.scheme and below

    def is_file(self) -> bool:
        """Whether it is an existing file."""
        if not self.scheme:
            return Path(self.path).is_file()
        with self._named("looked up"):
            return bool(self._store.isfile(self.path))

    def list_files(self) -> list[str]:
        """Sorted relative paths of all files below it; none if it does not exist."""
        if not self.scheme:
            root = Path(self.path)
            return sorted(map(str, walk_files(root))) if root.is_dir() else []
        with self._named("listed"), suppress(FileNotFoundError):
            self._store.invalidate_cache()
            start = f"{self.path}/"
            return sorted(f.removeprefix(start) for f in self._store.find(start) if f != start)
        return []

    def fetch(self, folder: Path) -> Path:
        """The file on this machine: itself, or a copy in `folder` of an object in a store."""
        if not self.scheme:
            return Path(self.path)
        copy = folder / self.name
        with self._named("fetched"):
            self._store.get_file(self.path, str(copy))
        return copy

    def put(self, file: Path) -> None:
        """Copies a file of this machine here, whole or not at all."""
        if not self.scheme:
            with replace_whole(self.path) as beside:
                shutil.copyfile(file, beside)
            return
        with self._named("written"):
            self._store.put_file(str(file), self.path)

    def read(self) -> bytes | None:
        """Its content; None if there is no such file."""
        if not self.scheme:
            file = Path(self.path)
            return file.read_bytes() if file.is_file() else None
        with self._named("read"), suppress(FileNotFoundError):
            data: bytes = self._store.cat_file(self.path)
            return data
        return None

    def read_bytes(self) -> bytes:
        """Its content, as of a `pathlib.Path`.

        Raises:
            SpeechganError: there is no such file, or it cannot be read.
        """
        if (data := self.read()) is None:
            raise SpeechganError(f"{self}: no such file; check the name")
        return data

    def write(self, data: bytes) -> None:
        """Writes data here, whole or not at all."""
        if not self.scheme:
            write_whole(self.path, data)
            return
        with self._named("written"):
            self._store.pipe_file(self.path, data)

    def require_writable(self) -> None:
        """Writes an empty file beside it in its store, and removes it.

        Raises:
            SpeechganError: the store does not allow it.
        """
        beside = self.parent / f".{self.name}.{os.getpid()}.part"
        with self._named("written"):
            self._store.pipe_file(beside.path, b"")
        with suppress(Exception):  # permission to write may not include removal
            self._store.rm_file(beside.path)

    def remove_unfinished(self) -> None:
        """Removes killed workers' unfinished files beside it; a store has none."""
        if not self.scheme:
            file = Path(self.path)
            for part in file.parent.glob(f".{escape(file.name)}.[0-9]*.part"):
                part.unlink(missing_ok=True)

    @property
    def _store(self) -> Any:
        import fsspec

        return fsspec.filesystem(self.scheme)

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise SpeechganError(f"{self}: no such file; check the name") from None
        except Exception as error:  # each store has errors of its own
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SpeechganError(
                f"{self}: cannot be {what} ({reason}); check the name, the address of the store "
                "and the credentials"
            ) from None


File = Path | Place
"""A file or folder of this machine, or of a store."""

_remove_orphans_once = functools.cache(remove_orphans)


def locate(text: str | File) -> File:
    """A user's path or URL: a URL of a store as a `Place`, anything else as an absolute path.

    Raises:
        SpeechganError: see `Place.parse`.
    """
    if isinstance(text, Place):
        return text
    if isinstance(text, Path) or not is_url(text):
        return Path(text).absolute()
    place = Place.parse(text)
    return place if place.scheme else Path(place.path)


def write_file(file: File, content: str | bytes) -> None:
    """Writes a file, whole or not at all; text as of `speechgan.utils.files.encode_text`.

    Raises:
        SpeechganError: it cannot be written.
    """
    if isinstance(file, Path):
        write_whole(file, content)
    else:
        file.write(encode_text(content) if isinstance(content, str) else content)


@contextmanager
def lend_file(file: File, scratch: str | None = None) -> Iterator[Path]:
    """A file on this machine for reading: itself, or a copy that is removed at the end.

    A `SpeechganError` raised in the block names the file and not the copy.

    Args:
        file: path or place.
        scratch: parent folder of the copy's, as of `scratch.lend_scratch`.

    Raises:
        SpeechganError: it cannot be fetched.
    """
    if isinstance(file, Path):
        yield file
        return
    _remove_orphans_once(scratch)
    with lend_scratch(scratch) as folder:
        copy = file.fetch(Path(folder))
        try:
            yield copy
        except SpeechganError as error:
            raise type(error)(str(error).replace(str(copy), str(file))) from None
