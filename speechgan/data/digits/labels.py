"""What the two labels of a spoken digit stand for."""

from dataclasses import dataclass
from pathlib import Path

from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class Labels:
    """Names in the order of their numbers.

    Attributes:
        digits: what is said.
        speakers: who says it.
    """

    digits: tuple[str, ...]
    speakers: tuple[str, ...]


@dataclass(frozen=True)
class Utterance:
    """A recording and its labels, by their names."""

    path: Path
    digit: str
    speaker: str


def find_utterances(folder: Path) -> list[Utterance]:
    """The recordings of a folder, named `DIGIT_SPEAKER_TAKE`.

    Raises:
        SpeechganError: no such folder, none in it, or one that is named otherwise.
    """
    if not folder.is_dir():
        raise SpeechganError(f"{folder}: no such folder; give one with train/ in it as data.root")
    found = []
    for path in sorted(folder.glob("*.*")):
        if path.suffix.lower() not in (".flac", ".wav"):
            continue
        parts = path.stem.split("_")
        if len(parts) != 3 or not all(parts):
            raise SpeechganError(f"{path}: not named DIGIT_SPEAKER_TAKE, such as 7_theo_12.wav")
        found.append(Utterance(path, parts[0], parts[1]))
    if not found:
        raise SpeechganError(f"{folder}: no WAV or FLAC files; put some in, as 7_theo_12.wav")
    return found
