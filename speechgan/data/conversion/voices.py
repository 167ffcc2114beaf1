"""Finds speakers and their recordings: one folder a speaker."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.data.manifest import SPLITS
from speechgan.data.roots import list_files
from speechgan.data.shards.reading import Root, Source
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

ABOUT = "speakers.csv"
FACTS = ("sex", "language", "licence")


@dataclass(frozen=True)
class Speaker:
    """One speaker's recordings and metadata.

    Attributes:
        name: of the folder.
        train, valid, test: recordings by split.
        folder: that holds them; in shards, relative to their root.
        sex, language, licence: from `speakers.csv`; empty if not given there.
    """

    name: str
    train: tuple[Source, ...]
    valid: tuple[Source, ...] = ()
    test: tuple[Source, ...] = ()
    sex: str = ""
    language: str = ""
    licence: str = ""
    folder: PurePath = Path()

    def sentence(self, path: Source) -> str:
        """A recording's name below the folder, without split and extension.

        Recordings of two speakers with one name may be the same sentence; equal file names in
        different folders of a speaker are not.
        """
        return _name_sentence(path.relative_to(self.folder))


def scan_voices(
    root: Root,
    names: Sequence[str] = (),
    valid_fraction: float = 0.1,
    about: Path | None = None,
) -> list[Speaker]:
    """The speakers below a folder, in alphabetical order or in that of `names`.

    `root/SPEAKER/**/*.wav`; folders `train`, `valid` and `test` inside a speaker's name the split.
    Where there is no `valid`, a share of `train` is held out by a hash of the file names alone, so
    that a sentence said by several speakers is held out for all of them.

    Args:
        root: folder of folders, or shards of one.
        names: speakers to take; all of them if empty.
        valid_fraction: share of the training recordings to hold out.
        about: table with the columns speaker, sex, language, licence; `root/speakers.csv` if None.

    Raises:
        SpeechganError: no such folder or speaker, no recordings, splits in place of speakers, or an
            unreadable table.
    """
    if isinstance(root, Path) and not root.is_dir():
        raise SpeechganError(f"{root}: no such folder; give the folder that holds the speakers'")
    files = list_files(root)
    found = _find_recordings(files)
    if missing := [name for name in names if name not in found]:
        like = suggest(missing[0], found)
        raise SpeechganError(
            f"{root}: no recordings of {missing[0]}{like}; found: {', '.join(found) or 'nobody'}"
        )
    if not found:
        raise SpeechganError(
            f"{root}: holds no recordings; put each speaker's into a folder of that name, as in "
            f"{root}/alice/1.wav"
        )
    if all(name.lower() in SPLITS for name in found):
        split = next(iter(found))
        raise SpeechganError(
            f"{root}: holds splits and no speakers; put splits into the speakers' folders, as in "
            f"{root}/alice/{split}/1.wav"
        )
    beside = root / ABOUT if PurePosixPath(ABOUT) in files else None
    facts = _read_facts(about or beside)
    return [_describe(root, name, found[name], valid_fraction, facts) for name in (names or found)]


def _find_recordings(files: Iterable[PurePosixPath]) -> dict[str, dict[str, list[PurePosixPath]]]:
    """Recordings by speaker and split, relative to the speaker's folder."""
    found: dict[str, dict[str, list[PurePosixPath]]] = {}
    for path in sorted(files):
        name, *parts = path.parts
        if not parts or name.startswith(".") or path.name.startswith("."):
            continue
        if path.suffix.lower() in AUDIO_EXTENSIONS:
            split = next((SPLITS[p.lower()] for p in parts[:-1] if p.lower() in SPLITS), "train")
            found.setdefault(name, {}).setdefault(split, []).append(path.relative_to(name))
    return found


def _describe(
    root: Root,
    name: str,
    recordings: dict[str, list[PurePosixPath]],
    valid_fraction: float,
    facts: dict[str, dict[str, str]],
) -> Speaker:
    train, valid = recordings.get("train", []), recordings.get("valid", [])
    if not valid and len(train) > 1:
        # A threshold on the hash, not a number of files: whether a sentence is held out must not
        # depend on a speaker's other sentences.
        shares = {path: _share(_name_sentence(path)) for path in train}
        valid = [path for path in train if shares[path] < valid_fraction] or [
            min(train, key=lambda path: shares[path])
        ]
        valid = valid[: len(train) - 1]
        held = set(valid)
        train = [path for path in train if path not in held]
    folder = root / name if isinstance(root, Path) else PurePosixPath(name)
    one, other, test = (
        tuple(root / PurePosixPath(name, path) for path in paths)
        for paths in (train, valid, recordings.get("test", []))
    )
    return Speaker(name, one, other, test, folder=folder, **facts.get(name, {}))


def _name_sentence(path: PurePath) -> str:
    parts = path.with_suffix("").parts
    return "/".join([*(p for p in parts[:-1] if p.lower() not in SPLITS), parts[-1]])


def _share(name: str) -> float:
    """A hash of a name as a number from 0 to 1."""
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:4]) / 2**32


def _read_facts(path: Source | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8"), newline="")))
        return {row["speaker"]: {key: row.get(key) or "" for key in FACTS} for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpeechganError(f"{path}: not readable ({error})") from None
    except KeyError:
        raise SpeechganError(
            f"{path}: has no column speaker; give {', '.join(FACTS)} too"
        ) from None
