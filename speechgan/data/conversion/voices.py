"""Who speaks in which recordings: one folder a speaker, nothing else to prepare."""

import csv
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.data.manifest import SPLITS
from speechgan.utils.errors import SpeechganError

ABOUT = "speakers.csv"
FACTS = ("sex", "language", "licence")


@dataclass(frozen=True)
class Speaker:
    """One speaker's recordings and what is known of the speaker.

    Attributes:
        name: of the folder.
        train, valid, test: recordings by split.
        folder: that holds them.
        sex, language, licence: as `speakers.csv` says; empty where it does not.
    """

    name: str
    train: tuple[Path, ...]
    valid: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()
    sex: str = ""
    language: str = ""
    licence: str = ""
    folder: Path = Path()

    def sentence(self, path: Path) -> str:
        """A recording's name below the folder, without split and extension.

        Two speakers' recordings of one name may be the same sentence; two of one speaker in
        different folders are two.
        """
        return _name_sentence(path, self.folder)


def scan_voices(
    root: Path,
    names: Sequence[str] = (),
    valid_fraction: float = 0.1,
    about: Path | None = None,
) -> list[Speaker]:
    """The speakers below a folder, in alphabetical order or in that of `names`.

    `root/SPEAKER/**/*.wav`; folders `train`, `valid` and `test` inside a speaker's name the split.
    Where there is no `valid`, a share of `train` is held out by a hash of the files' names alone,
    so that a sentence which several speakers say is held out of all of them.

    Args:
        root: folder of folders.
        names: speakers to take; all of them if empty.
        valid_fraction: share of the training recordings to hold out.
        about: table with the columns speaker, sex, language, licence; `root/speakers.csv` if None.

    Raises:
        SpeechganError: no such folder or speaker, no recordings, or an unreadable table.
    """
    if not root.is_dir():
        raise SpeechganError(f"{root}: no such folder; give the folder that holds the speakers'")
    found = {
        folder.name: recordings
        for folder in sorted(root.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
        if (recordings := _find_recordings(folder))
    }
    if missing := [name for name in names if name not in found]:
        raise SpeechganError(
            f"{root}: no recordings of {missing[0]}; found: {', '.join(found) or 'nobody'}"
        )
    if not found:
        raise SpeechganError(
            f"{root}: holds no recordings; put each speaker's into a folder of that name, as in "
            f"{root}/alice/1.wav"
        )
    facts = _read_facts(about or root / ABOUT, required=about is not None)
    return [
        _describe(root / name, found[name], valid_fraction, facts.get(name, {}))
        for name in (names or found)
    ]


def _find_recordings(folder: Path) -> dict[str, list[Path]]:
    """Recordings by split."""
    splits: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in AUDIO_EXTENSIONS or path.name.startswith("."):
            continue
        parts = [p.lower() for p in path.relative_to(folder).parts[:-1]]
        split = next((SPLITS[p] for p in parts if p in SPLITS), "train")
        splits.setdefault(split, []).append(path)
    return splits


def _describe(
    folder: Path, recordings: dict[str, list[Path]], valid_fraction: float, facts: dict[str, str]
) -> Speaker:
    train, valid = recordings.get("train", []), recordings.get("valid", [])
    if not valid and len(train) > 1:
        # A threshold on the hash, not a count of files: whether a sentence is held out must not
        # depend on what else a speaker has said.
        shares = {path: _share(_name_sentence(path, folder)) for path in train}
        valid = [path for path in train if shares[path] < valid_fraction] or [
            min(train, key=lambda path: shares[path])
        ]
        valid = valid[: len(train) - 1]
        train = [path for path in train if path not in valid]
    test = tuple(recordings.get("test", []))
    return Speaker(folder.name, tuple(train), tuple(valid), test, folder=folder, **facts)


def _name_sentence(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return "/".join([*(p for p in parts[:-1] if p.lower() not in SPLITS), parts[-1]])


def _share(name: str) -> float:
    """A number from 0 to 1 that is the same for the same name."""
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:4]) / 2**32


def _read_facts(path: Path, required: bool) -> dict[str, dict[str, str]]:
    if not required and not path.exists():
        return {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return {row["speaker"]: {key: row.get(key) or "" for key in FACTS} for row in rows}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SpeechganError(f"{path}: not readable ({error})") from None
    except KeyError:
        raise SpeechganError(
            f"{path}: has no column speaker; give {', '.join(FACTS)} too"
        ) from None
