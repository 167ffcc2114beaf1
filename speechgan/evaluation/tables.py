"""An evaluation as text for the terminal, as CSV for spreadsheets, as JSON for machines."""

import csv
import io
import json
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from speechgan import __version__
from speechgan.evaluation.evaluation import Evaluation, Mean, Side
from speechgan.evaluation.scores import Measure
from speechgan.utils.errors import SpeechganError


def format_table(evaluation: Evaluation) -> str:
    """Means with their 95 % confidence intervals, in aligned columns."""
    lines = [["", *evaluation.sides]]
    for measure in evaluation.measures:
        title = f"{measure.title}, {measure.unit}" if measure.unit else measure.title
        means = (
            format_mean(evaluation.mean(side, measure.key), measure, side)
            for side in evaluation.sides
        )
        lines.append([title, *means])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [f"{describe(evaluation)}; means ± 95 % confidence intervals", ""]
    text += [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(text)


def describe(evaluation: Evaluation) -> str:
    """How much was measured: recordings and duration."""
    seconds = sum(row.seconds for row in evaluation.rows)
    duration = f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s"
    count = len(evaluation.rows)
    text = f"{count} recording{'s' if count != 1 else ''}, {duration}"
    return f"{text}, {len(evaluation.refused)} left out" if evaluation.refused else text


def format_mean(mean: Mean, measure: Measure, side: Side) -> str:
    """`1.90 ± 0.12`, with a sign if it is a difference."""
    sign = "+" if side == "difference" else ""
    value = f"{mean.value:{sign}.{measure.digits}f}"
    if math.isnan(mean.half_width):
        return value
    return f"{value} ± {mean.half_width:.{measure.digits}f}"


def write_json(evaluation: Evaluation, path: Path) -> None:
    """Writes means, confidence intervals, every recording's scores, and what was refused.

    Raises:
        SpeechganError: the file cannot be written.
    """

    def convert(mean: Mean) -> dict[str, float | None]:
        half_width = None if math.isnan(mean.half_width) else mean.half_width
        return {"mean": mean.value, "confidence_95": half_width}

    content: dict[str, Any] = {
        "speechgan": __version__,
        "mean": {
            side: {
                measure.key: convert(evaluation.mean(side, measure.key))
                for measure in evaluation.measures
            }
            for side in evaluation.sides
        },
        "recordings": [
            {
                "name": row.recording.name,
                "seconds": row.seconds,
                "enhanced": row.enhanced,
                **({} if row.noisy is None else {"noisy": row.noisy}),
            }
            for row in evaluation.rows
        ],
        "refused": [
            {"name": refusal.name, "reason": refusal.reason} for refusal in evaluation.refused
        ],
    }
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def write_csv(evaluation: Evaluation, path: Path) -> None:
    """Writes one line for each recording that was measured: `enhanced_pesq`, `noisy_pesq`, ...

    Raises:
        SpeechganError: the file cannot be written.
    """
    sides: list[Side] = [side for side in evaluation.sides if side != "difference"]
    keys = [measure.key for measure in evaluation.measures]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["recording", "seconds", *(f"{side}_{key}" for side in sides for key in keys)])
    columns = [evaluation.values(side, key) for side in sides for key in keys]
    for row, values in zip(evaluation.rows, zip(*columns, strict=True), strict=True):
        writer.writerow([row.recording.name, row.seconds, *values])
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """Writes a whole file or, on any failure, leaves what stood there.

    Raises:
        SpeechganError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise _make_error(path, error) from None
    finally:
        beside.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Makes the folder of a file that is to be written, and sees whether it takes files.

    Raises:
        SpeechganError: it does not, or there is a folder in the file's place.
    """
    if path.is_dir():
        raise SpeechganError(f"{path}: a folder stands there; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _make_error(path, error) from None


def _make_error(path: Path, error: OSError) -> SpeechganError:
    return SpeechganError(
        f"{path}: cannot be written ({error.strerror}); choose another place or free some space"
    )
