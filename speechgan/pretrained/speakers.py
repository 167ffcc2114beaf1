"""The speakers of a conversion model, with metadata and statistics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from speechgan.features.statistics import SpeakerStatistics
from speechgan.utils.errors import SpeechganError

SPEAKERS = "speakers.json"


@dataclass(frozen=True)
class TargetSpeaker:
    """A target speaker of a model.

    Attributes:
        name: for `--target-speaker`.
        sex, language, licence: of the recordings; empty if unknown.
        minutes: of training recordings.
        statistics: of image and pitch.
    """

    name: str
    sex: str
    language: str
    licence: str
    minutes: float
    statistics: SpeakerStatistics

    def describe(self) -> dict[str, str | float]:
        """All but the statistics."""
        return {
            "name": self.name,
            "sex": self.sex,
            "language": self.language,
            "licence": self.licence,
            "minutes": round(self.minutes, 2),
        }


def format_speakers(speakers: Sequence[TargetSpeaker]) -> str:
    """The content of a model folder's `speakers.json`, in the order of the speakers' numbers."""
    rows = [{**s.describe(), **s.statistics.to_dict()} for s in speakers]
    # One line a speaker, as one line a number would be unreadable.
    return "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n"


def load_speakers(folder: Path) -> list[TargetSpeaker]:
    """The speakers of a model folder.

    Raises:
        SpeechganError: the file is missing or not what `format_speakers` writes.
    """
    path = folder / SPEAKERS
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list) or not rows:
            raise ValueError("no list, or an empty one")
        # They are used in names of files.
        if any(Path(str(row["name"])).name != str(row["name"]) for row in rows):
            raise ValueError("a name that is a path")
        return [
            TargetSpeaker(
                name=str(row["name"]),
                sex=str(row["sex"]),
                language=str(row["language"]),
                licence=str(row["licence"]),
                minutes=float(row["minutes"]),
                statistics=SpeakerStatistics.from_dict(row),
            )
            for row in rows
        ]
    except OSError as error:
        raise SpeechganError(f"{path}: unreadable ({error.strerror}); get the model anew") from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        problem = " ".join(str(error).split())
        raise SpeechganError(f"{path}: not a list of speakers ({problem}); get it anew") from None
