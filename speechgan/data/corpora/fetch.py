"""A corpus on its way into a folder: downloaded, checked, unpacked, one archive after the other."""

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
"""How many times what was expected an archive may unpack to."""

Watch = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Shows work of such a name and so many bytes, and is told how far it is."""


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
    """What is to be done to have a corpus in a folder.

    In `archives/` of the folder lie those that are not unpacked yet, `NAME.part` if they are not
    complete, and for each a `NAME.sha256` of what came, and a `NAME.unpacked` when it is done.
    Other corpora may lie in the same folder.

    Args:
        corpus: which.
        folder: where to.
        mirror: address of a folder with the same archives; None for the publisher's.
        keep: whether archives stay when they are unpacked.

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
        """What is not unpacked yet."""
        return [a for a in self.corpus.archives if not self._beside(a, "unpacked").exists()]

    @property
    def to_download(self) -> int:
        """Bytes that are still to come."""
        return sum(self._count_missing(archive) for archive in self.pending)

    @property
    def to_unpack(self) -> int:
        """Bytes that will be in the folder in the end, about, without kept archives."""
        return sum(archive.unpacked for archive in self.pending)

    @property
    def needed(self) -> int:
        """Bytes that must be free: an archive goes before the next comes, unless it is kept."""
        missing = [0, *(self._count_missing(archive) for archive in self.pending)]
        return self.to_unpack + (sum(missing) if self.keep else max(missing))

    def count_free(self) -> int:
        """Bytes that are free where the folder is, or is to be."""
        place = self.folder.absolute()
        while not place.exists():
            place = place.parent
        return shutil.disk_usage(place).free

    def require_space(self) -> None:
        """Refuses what will not fit.

        Raises:
            SpeechganError: it will not.
        """
        if self.needed > self.count_free():
            raise SpeechganError(
                f"{self.folder}: {self.needed / 1e9:.1f} GB needed, and "
                f"{self.count_free() / 1e9:.1f} GB free; free some space or choose another folder"
            )

    def run(self, watch: Watch) -> None:
        """Does it.

        Raises:
            SpeechganError: something went wrong; whatever it was, the same again goes on.
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
        # Before it has its name: a wrong one is then asked for again, and not taken for right.
        self._check(archive, part, watch)
        os.replace(part, self.archives / archive.name)

    def _check(self, archive: Archive, path: Path, watch: Watch) -> None:
        """Notes the SHA-256 of an archive that is as published.

        Raises:
            SpeechganError: it is not; it is moved aside.
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
        """Whose it is goes where it goes: the licences ask for that.

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
