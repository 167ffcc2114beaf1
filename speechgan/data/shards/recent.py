"""What was fetched lately, kept on a disk up to a size."""

import os
from contextlib import suppress
from pathlib import Path

from speechgan.utils.files import remove_abandoned, write_whole

REMEDY = "choose another folder with data.cache=DIR, or keep less with data.cache_gb"
# The folder is tidied when a process has added a share of the limit, down to another share of it:
# so two processes stay below the limit, and more of them go beyond it by little.
ADDED, LEFT = 0.05, 0.9


class RecentBytes:
    """Pieces of data under the hashes of their content; the oldest go first.

    Batches draw recordings at random, of which the one that was used last is no likelier to be
    used next: so age decides, and nothing need be noted at each use.

    Args:
        folder: where they are kept, by all processes that name it.
        most_bytes: how much of them, in all.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self._added = most_bytes  # tidies at first, as an earlier run may have kept more

    def find(self, key: str) -> bytes | None:
        """The piece, if it is kept; whether it is whole is the caller's to check."""
        try:
            return self._place(key).read_bytes()
        except OSError:
            return None

    def keep(self, key: str, data: bytes) -> None:
        """Keeps a piece, unless it alone is a large share of what may be kept.

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
