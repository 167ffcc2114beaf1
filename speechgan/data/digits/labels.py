"""The two labels of spoken digits, and the recordings that have them."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from speechgan.data.roots import list_files
from speechgan.data.shards.reading import Root, Source
from speechgan.utils.errors import SpeechganError
from speechgan.utils.places import Place


@dataclass(frozen=True)
class Labels:
    """Names in the order of their numbers.

    Attributes:
        digits: the words.
        speakers: the speakers.
    """

    digits: tuple[str, ...]
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Utterance:
    """A recording and its labels, by their names."""

    path: Source | Place
    digit: str
    speaker: str


def find_utterances(root: Root | Place, split: str = "") -> list[Utterance]:
    """The recordings of a folder, or of a subfolder, named `DIGIT_SPEAKER_TAKE`.

    Args:
        root: folder, shards of one, or a folder of an object store.
        split: name of the folder in it.

    Raises:
        SpeechganError: no such folder, no recordings in it, or one with another kind of name.
    """
    folder = f"{root}/{split}".rstrip("/")
    files = _list_files(root)
    # In an object store folders are only parts of file names.
    is_there = (root / split).is_dir() if isinstance(root, Path) else bool(files)
    if not is_there:
        raise SpeechganError(f"{folder}: no such folder; name one that has train/ in it")
    found = []
    for path in sorted(files):
        if path.parent != PurePosixPath(split) or path.suffix.lower() not in (".flac", ".wav"):
            continue
        parts = path.stem.split("_")
        if len(parts) != 3 or not all(parts):
            raise SpeechganError(
                f"{root / path}: not named DIGIT_SPEAKER_TAKE, such as 7_theo_12.wav"
            )
        found.append(Utterance(root / path, parts[0], parts[1]))
    if not found:
        raise SpeechganError(f"{folder}: no WAV or FLAC files; put some in, as 7_theo_12.wav")
    return found


def _list_files(root: Root | Place) -> list[PurePosixPath]:
    if isinstance(root, Place):
        return [PurePosixPath(name) for name in root.list_files()]
    return list_files(root)
