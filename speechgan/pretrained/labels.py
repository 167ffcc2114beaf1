"""The labels of a generating model, in the order of their numbers."""

import json
from pathlib import Path

from speechgan.data.digits.labels import Labels
from speechgan.utils.errors import SpeechganError

LABELS = "labels.json"


def format_labels(labels: Labels) -> str:
    """The content of a model folder's `labels.json`."""
    rows = {"digits": labels.digits, "speakers": labels.speakers}
    return json.dumps(rows, ensure_ascii=False) + "\n"


def load_labels(folder: Path) -> Labels:
    """The labels of a model folder.

    Raises:
        SpeechganError: the file is missing or not what `format_labels` writes.
    """
    path = folder / LABELS
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        names = [rows["digits"], rows["speakers"]]
        if not all(isinstance(own, list) and own for own in names):
            raise ValueError("no lists, or empty ones")
        if not all(isinstance(name, str) for own in names for name in own):
            raise ValueError("not names")
        # They are used in names of files.
        if any(name in ("", ".", "..") or set("/\\") & set(name) for own in names for name in own):
            raise ValueError("a name that is a path")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(f"{path}: unreadable ({reason}); get the model anew") from None
    return Labels(tuple(names[0]), tuple(names[1]))
