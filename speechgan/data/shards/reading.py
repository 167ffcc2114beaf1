"""Reads single recordings from shards."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from speechgan.data.manifest import Recording
from speechgan.data.shards.index import INDEX, REMEDY, Entry, parse_index
from speechgan.data.shards.recent import RecentBytes
from speechgan.data.shards.storage import Storage
from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class Member:
    """A file in a shard, with those methods of a `pathlib.Path` that are needed.

    Attributes:
        storage: of the shards.
        entry: of the file in the index.
        cache: of fetched files.
    """

    storage: Storage
    entry: Entry
    cache: RecentBytes | None = None

    def __str__(self) -> str:
        return f"{self.storage.place(self.entry.shard)}/{self.entry.recording.path}"

    @property
    def name(self) -> str:
        return PurePosixPath(self.entry.recording.path).name

    @property
    def stem(self) -> str:
        return PurePosixPath(self.entry.recording.path).stem

    def relative_to(self, folder: PurePath) -> PurePosixPath:
        """Its path relative to a folder of the original folder tree."""
        return PurePosixPath(self.entry.recording.path).relative_to(folder)

    def read_bytes(self) -> bytes:
        """Its content.

        Raises:
            SpeechganError: it cannot be read, or its hash is not that of the index.
        """
        key = self.entry.sha256
        if self.cache and (kept := self.cache.find(key)) is not None and self._fits(kept):
            return kept
        data = self.storage.read_part(self.entry.shard, self.entry.offset, self.entry.size)
        if not self._fits(data):
            raise SpeechganError(f"{self}: is not what the index says; {REMEDY}")
        if self.cache:
            self.cache.keep(key, data)
        return data

    def _fits(self, data: bytes) -> bool:
        return hashlib.sha256(data).hexdigest() == self.entry.sha256


@dataclass(frozen=True)
class Shards:
    """The root of a corpus in shards: `shards / path` is a file of it, as with a folder.

    Attributes:
        storage: of the shards.
        entries: all files by their paths, in the order of the original folder.
        cache: of fetched files.
    """

    storage: Storage
    entries: Mapping[str, Entry]
    cache: RecentBytes | None = None

    def __str__(self) -> str:
        return self.storage.root

    def __truediv__(self, path: str | PurePath) -> Member:
        name = path.as_posix() if isinstance(path, PurePath) else path
        if name not in self.entries:
            raise SpeechganError(f"{self}: holds no {name}; name a file that its index lists")
        return Member(self.storage, self.entries[name], self.cache)

    @property
    def recordings(self) -> list[Recording]:
        """Those whose folders name a role, as `scan` finds them."""
        return [e.recording for e in self.entries.values() if e.recording.role]


Root = Path | Shards
"""The root that recordings' paths are relative to: `root / path` can be read."""
Source = Path | Member
"""A recording that can be read."""


def open_shards(root: str, cache: RecentBytes | None = None) -> Shards:
    """Reads the index.

    Args:
        root: folder, or its URL.
        cache: of files that come over a network.

    Raises:
        SpeechganError: no index, a wrong one, or shards on a disk that are not as long as it says.
    """
    storage = Storage(root)
    index = parse_index(storage.read(INDEX), storage.place(INDEX))
    if not storage.remote:
        for shard in index.shards:
            place = Path(storage.place(shard.name))
            size = place.stat().st_size if place.is_file() else 0
            if size != shard.size:
                raise SpeechganError(
                    f"{place}: {size} bytes, and the index says {shard.size}; copy this shard anew"
                )
    entries = {e.recording.path: e for e in index.entries}
    return Shards(storage, entries, cache if storage.remote else None)
