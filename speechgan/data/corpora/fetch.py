"""Fetches a corpus: downloads, checks and unpacks one archive after the other."""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from speechgan.data.corpora.catalogue import CORPORA, Archive, Corpus
from speechgan.data.corpora.download import download, require_web
from speechgan.data.corpora.unpacking import merge, unpack
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write, write_whole
from speechgan.utils.nearest import suggest

PIECE = 2**20
SLACK = 3
"""An archive may unpack to so many times its expected size."""

Watch = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Makes a progress display of a name and a number of bytes; it is called with the bytes done."""


def find_corpus(name: str) -> Corpus:
    """One of the catalogue.

    Raises:
        SpeechganError: there is none of this name.
    """
    if name not in CORPORA:
        raise SpeechganError(
            f"{name}: no such corpus{suggest(name, CORPORA)}; choose from: {', '.join(CORPORA)}"
        )
    return CORPORA[name]


class Fetch:
    """Fetching of a corpus into a folder.

    Its subfolder `archives/` holds archives that are not unpacked yet, `NAME.part` while they are
    incomplete, the checksum of each as `NAME.sha256`, and a marker `NAME.unpacked` when it is done.
    Other corpora may be in the same folder.

    Args:
        corpus: to fetch.
        folder: target.
        mirror: address of a folder with the same archives; None for the publisher's.
        keep: whether archives are kept after unpacking.

    Raises:
        SpeechganError: the mirror is no address of the web.
    """

    def __init__(
        self, corpus: Corpus, folder: Path, mirror: str | None = None, keep: bool = False
    ) -> None:
        self.corpus, self.folder, self.keep = corpus, folder, keep
        self.mirror = require_web(mirror).rstrip("/") if mirror else None
        self.archives = folder / "archives"
        self.about = folder / f"{corpus.name}-about.txt"

    @property
    def pending(self) -> list[Archive]:
        """Archives that are not unpacked yet."""
        return [a for a in self.corpus.archives if not self._beside(a, "unpacked").exists()]

    @property
    def to_download(self) -> int:
        """Bytes that are still to be downloaded."""
        return sum(self._count_missing(archive) for archive in self.pending)

    @property
    def to_unpack(self) -> int:
        """Approximate bytes still to be unpacked, without kept archives."""
        return sum(archive.unpacked for archive in self.pending)

    @property
    def needed(self) -> int:
        """Bytes that must be free; an archive is removed before the next comes, unless kept."""
        missing = [0, *(self._count_missing(archive) for archive in self.pending)]
        return self.to_unpack + (sum(missing) if self.keep else max(missing))

    def count_free(self) -> int:
        """Free bytes on the disk of the folder."""
        place = self.folder.absolute()
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def require_space(self) -> None:
        """Checks the free space.

        Raises:
            SpeechganError: there is too little.
        """
        if self.needed > self.count_free():
            raise SpeechganError(
                f"{self.folder}: {self.needed / 1e9:.1f} GB needed, and "
                f"{self.count_free() / 1e9:.1f} GB free; free some space or choose another folder"
            )

    def run(self, watch: Watch) -> None:
        """Downloads, checks and unpacks all pending archives.

        Raises:
            SpeechganError: something failed; calling it again continues.
        """
        try:
            self.archives.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.archives, error) from None
        for archive in self.pending:
            path = self.archives / archive.name
            if not path.exists():
                self._download(archive, watch)
            self._check(archive, path, watch)
            self._unpack(archive, path, watch)
        self.write_about()

    def _download(self, archive: Archive, watch: Watch) -> None:
        part = self._beside(archive, "part")
        url = f"{self.mirror}/{archive.name}" if self.mirror else archive.url
        with watch(archive.name, archive.size) as progress:
            download(url, part, archive.size if archive.exact else None, progress)
        # Before it gets its name, so that a wrong file is not taken for the archive.
        self._check(archive, part, watch)
        os.replace(part, self.archives / archive.name)

    def _check(self, archive: Archive, path: Path, watch: Watch) -> None:
        """Stores the SHA-256 of an archive whose size and MD5 are as published.

        Raises:
            SpeechganError: they are not; the archive is moved aside.
        """
        known, sha256 = self._beside(archive, "sha256"), hashlib.sha256()
        if path.name == archive.name and known.exists():
            return
        md5 = hashlib.md5(usedforsecurity=False)
        with path.open("rb") as file, watch(f"check {archive.name}", path.stat().st_size) as tell:
            while piece := file.read(PIECE):
                sha256.update(piece)
                md5.update(piece)
                tell(file.tell())
            size = file.tell()
        reason = ""
        if archive.exact and size != archive.size:
            reason = f"{size} bytes, and {archive.size} published"
        elif archive.md5 and md5.hexdigest() != archive.md5:
            reason = f"MD5 {md5.hexdigest()}, and {archive.md5} published"
        if reason:
            aside = self._beside(archive, "wrong")
            os.replace(path, aside)
            raise SpeechganError(
                f"{archive.name}: {reason}; moved to {aside}; run the same command to fetch it "
                "anew, or with --mirror from another server"
            )
        write_whole(known, f"{sha256.hexdigest()}  {archive.name}\n")

    def _unpack(self, archive: Archive, path: Path, watch: Watch) -> None:
        beside = self._beside(archive, "unpacking")
        shutil.rmtree(beside, ignore_errors=True)
        with watch(f"unpack {archive.name}", archive.unpacked) as progress:
            unpack(path, archive.layout, beside, SLACK * archive.unpacked, progress)
        merge(beside, self.folder)
        write_whole(self._beside(archive, "unpacked"), "")
        if not self.keep:
            path.unlink()

    def write_about(self) -> None:
        """Writes title, licence and attribution into the folder, as the licences require.

        Raises:
            SpeechganError: it cannot be written.
        """
        corpus, lines = self.corpus, []
        for archive in corpus.archives:
            lines.append(self._beside(archive, "sha256").read_text("utf-8").rstrip())
        facts = (corpus.title, corpus.licence, corpus.attribution, corpus.page)
        write_whole(self.about, "\n".join((*facts, "", *lines, "")))

    def _count_missing(self, archive: Archive) -> int:
        if (self.archives / archive.name).exists():
            return 0
        part = self._beside(archive, "part")
        return max(0, archive.size - (part.stat().st_size if part.exists() else 0))

    def _beside(self, archive: Archive, kind: str) -> Path:
        return self.archives / f"{archive.name}.{kind}"
