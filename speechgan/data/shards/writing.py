"""Writes a folder of recordings as shards."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.data.manifest import Recording, count_samples, describe
from speechgan.data.shards.index import INDEX, Entry, Index, Shard, format_index
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_folder
from speechgan.utils.folders import walk_files

TEXTS = frozenset({"", ".csv", ".json", ".md", ".tsv", ".txt"})
"""Extensions of texts that are included, such as `speakers.csv` and `LICENSE`."""
REMEDY = "free some space or choose another folder with -o"


@dataclass(frozen=True)
class Sharding:
    """The result of sharding a folder.

    Attributes:
        index: of the shards.
        unreadable: recordings that are no sound; they are included, and left out in training as
            those of the folder would be.
        missing: files that could not be opened, and are not included.
        others: number of files that are neither recordings nor texts, and are not included.
    """

    index: Index
    unreadable: list[SpeechganError]
    missing: list[SpeechganError]
    others: int


def write_shards(
    folder: Path,
    output: Path,
    megabytes: int = 256,
    watch: Callable[[list[PurePosixPath]], Iterable[PurePosixPath]] = iter,
) -> Sharding:
    """Writes a folder's recordings, and the texts beside them, as tar files with an index.

    `output` appears only when everything is written.

    Args:
        folder: of any layout for training.
        output: folder to make.
        megabytes: largest size of a shard, unless one recording is larger.
        watch: given all files, yields them; for a progress bar.

    Raises:
        SpeechganError: no recordings, a size of 0, an output that exists already, or a full disk.
    """
    if megabytes < 1:
        raise SpeechganError(f"a size of {megabytes} MB; give shards 1 MB or more")
    if not folder.is_dir():
        raise SpeechganError(f"{folder}: no such folder; give the folder that holds the recordings")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise SpeechganError(f"{output}: is there already; remove it or choose another with -o")
    found = list(walk_files(folder))
    files = [path for path in found if _is_sound(path) or _is_text(path)]
    if not any(map(_is_sound, files)):
        raise SpeechganError(f"{folder}: holds no recordings; give the folder that does")
    sharding = Sharding(Index([], []), [], [], len(found) - len(files))
    with (
        replace_folder(output, REMEDY) as beside,
        closing(_Writer(beside, megabytes * 10**6)) as writer,
    ):
        entries = [e for path in watch(files) for e in _take(path, folder, writer, sharding)]
        writer.finish()
        index = Index(writer.shards, entries)
        (beside / INDEX).write_text(format_index(index), "utf-8")
    return replace(sharding, index=index)


class _Writer:
    """Tar files in a folder; where one would exceed the limit, the next begins.

    Attributes:
        shards: those that are complete.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder, self.most_bytes = folder, most_bytes
        self.shards: list[Shard] = []
        self._tar: tarfile.TarFile | None = None

    def add(self, path: PurePosixPath, data: bytes, time: float) -> tuple[str, int]:
        """Adds a file; returns the name of its shard and its offset there."""
        if self._tar and self._tar.offset + len(data) > self.most_bytes:
            self.finish()
        name = f"shard-{len(self.shards):05}.tar"
        if self._tar is None:
            self._tar = tarfile.TarFile(self.folder / name, "w", format=tarfile.PAX_FORMAT)
        info = tarfile.TarInfo(path.as_posix())
        info.size, info.mtime = len(data), int(time)
        self._tar.addfile(info, io.BytesIO(data))
        padded = -(-len(data) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        return name, self._tar.offset - padded

    def finish(self) -> None:
        """Completes the shard that is being written."""
        if self._tar is None:
            return
        self._tar.close()
        self._tar = None
        path = self.folder / f"shard-{len(self.shards):05}.tar"
        with path.open("r+b") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self.shards.append(Shard(path.name, path.stat().st_size, digest))

    def close(self) -> None:
        """Closes an incomplete tar file."""
        if self._tar and self._tar.fileobj:
            with suppress(OSError):
                self._tar.fileobj.close()


def _take(
    path: PurePosixPath, folder: Path, writer: _Writer, sharding: Sharding
) -> Iterator[Entry]:
    """Writes a file and yields its entry, unless it cannot be opened."""
    source = folder / path
    try:
        data, time = source.read_bytes(), source.stat().st_mtime
    except OSError as error:
        sharding.missing.append(
            SpeechganError(f"{source}: cannot be read ({error.strerror}); check its permissions")
        )
        return
    recording, samples = Recording(path.as_posix(), "", "", ""), 0
    if _is_sound(path):
        recording = describe(path) or recording
        try:
            samples, rate, channels = count_samples(source)
            seconds = round(samples / rate, 3)
            recording = replace(recording, seconds=seconds, sample_rate=rate, channels=channels)
        except SpeechganError as error:
            sharding.unreadable.append(error)
    shard, offset = writer.add(path, data, time)
    yield Entry(recording, samples, shard, offset, len(data), hashlib.sha256(data).hexdigest())


def _is_sound(path: PurePosixPath) -> bool:
    return path.suffix.lower() in AUDIO_EXTENSIONS


def _is_text(path: PurePosixPath) -> bool:
    return path.suffix.lower() in TEXTS and not path.name.startswith(".")
