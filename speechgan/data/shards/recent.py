"""A cache of fetched data on a disk, limited in size."""

import os
from contextlib import suppress
from pathlib import Path

from speechgan.utils.files import remove_abandoned, write_whole

REMEDY = "choose another folder with data.cache=DIR, or keep less with data.cache_gb"
# A process evicts data each time it has added this share of the limit.
ADDED = 0.05
# Eviction leaves this share: two processes stay below the limit, more exceed it by little.
LEFT = 0.9


class RecentBytes:
    """Pieces of data under the hashes of their content; the oldest are evicted first.

    Batches draw recordings at random, so recent use does not predict the next use: eviction goes by
    age, and uses need not be recorded.

    Args:
        folder: of the cache, which processes may share.
        most_bytes: limit of its size.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._added = most_bytes  # evicts at first, as an earlier run may have had a higher limit

    def find(self, key: str) -> bytes | None:
        """The piece, if it is there; the caller has to check that it is undamaged."""
        try:
            return self._place(key).read_bytes()
        except OSError:
            return None

    def keep(self, key: str, data: bytes) -> None:
        """Stores a piece, unless it alone is larger than the share `ADDED` of the limit.

        Raises:
            SpeechganError: it cannot be written.
        """
        if len(data) > ADDED * self.most_bytes:
            return
        self._added += len(data)
        if self._added > ADDED * self.most_bytes:
            self._tidy()
            self._added = len(data)
        write_whole(self._place(key), data, REMEDY)

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _tidy(self) -> None:
        kept = []
        for folder in self.folder.glob("??"):
            remove_abandoned(folder)
            with suppress(OSError), os.scandir(folder) as entries:
                kept += [(e.stat().st_mtime_ns, e.stat().st_size, e.path) for e in entries]
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= LEFT * self.most_bytes:
                return
            with suppress(OSError):  # another process may have removed it
                os.unlink(path)
            total -= size
