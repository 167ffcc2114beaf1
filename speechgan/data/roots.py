"""Opens `data.root`: a folder, a manifest, or shards on a disk or behind a URL."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from speechgan.data.cache import WaveStore
from speechgan.data.manifest import Recording, read_manifest, scan
from speechgan.data.shards.index import INDEX
from speechgan.data.shards.reading import Root, open_shards
from speechgan.data.shards.recent import RecentBytes
from speechgan.data.shards.store import ShardStore
from speechgan.data.stores import Store
from speechgan.utils.errors import SpeechganError
from speechgan.utils.folders import walk_files


def open_root(root: str | Path, cache: Path | None = None, cache_gb: float = 0.0) -> Root:
    """Shards where there are some, else the path as it is.

    Args:
        root: a path, or the URL of a folder of shards.
        cache: folder of the cache of what comes over a network.
        cache_gb: its limit in gigabytes; 0 for no cache.

    Raises:
        SpeechganError: shards that cannot be read, or a limit below 0.
    """
    if cache_gb < 0:
        raise SpeechganError(f"data.cache_gb={cache_gb}: must be 0 or more, in gigabytes")
    place = str(root)
    if "://" not in place and not Path(place, INDEX).is_file():
        return Path(root)
    kept = RecentBytes(cache / "shards", int(cache_gb * 1e9)) if cache and cache_gb > 0 else None
    return open_shards(place, kept)


def open_recordings(root: str | Path, cache: Path, cache_gb: float) -> tuple[list[Recording], Root]:
    """The recordings that have a role, and the root that their paths are relative to.

    Raises:
        SpeechganError: nothing there, or nothing that can be read.
    """
    opened = open_root(root, cache, cache_gb)
    if isinstance(opened, Path):
        if opened.is_file():
            return read_manifest(opened), opened.parent
        return scan(opened), opened
    if not opened.recordings:
        raise SpeechganError(
            f"{opened}: no recordings in folders named clean/ and noisy/, or speech/ and noise/"
        )
    return opened.recordings, opened


def open_store(recordings: Sequence[Recording], root: Root, sample_rate: int, cache: Path) -> Store:
    """The waves of recordings: those of a folder decoded once, those of shards at each access.

    Raises:
        SpeechganError: none of the recordings can be read, or the cache cannot be written.
    """
    if isinstance(root, Path):
        return WaveStore(recordings, root, sample_rate, cache)
    return ShardStore(recordings, root, sample_rate)


def list_files(root: Root) -> list[PurePosixPath]:
    """Everything below a root, by its path relative to it."""
    if isinstance(root, Path):
        return list(walk_files(root))
    return [PurePosixPath(path) for path in root.entries]
