"""An evaluation as a text table, as CSV and as JSON."""

import csv
import io
import json
import math
import tempfile
from collections.abc import Sequence
from typing import Any

from speechgan import __version__
from speechgan.evaluation.measure import Measure
from speechgan.evaluation.results import DIFFERENCE, Evaluation, Mean, Row
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write
from speechgan.utils.places import File, Place, write_file
from speechgan.utils.tables import align


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
    title = f"{describe(evaluation)}; means ± 95 % confidence intervals"
    return "\n".join([title, "", *align(lines)])


def describe(evaluation: Evaluation) -> str:
    """Number of recordings and, if known, duration, in words."""
    count = len(evaluation.rows)
    parts = [f"{count} recording{'s' if count != 1 else ''}"]
    if seconds := sum(row.seconds or 0.0 for row in evaluation.rows):
        parts.append(f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.1f} s")
    if evaluation.refused:
        parts.append(f"{len(evaluation.refused)} left out")
    return ", ".join(parts)


def format_mean(mean: Mean | None, measure: Measure, side: str) -> str:
    """`1.90 ± 0.12`, with a sign if it is a difference; `-` for none."""
    if mean is None:
        return "-"
    value = format_value(mean.value, measure, side)
    if math.isnan(mean.half_width):
        return value
    return f"{value} ± {mean.half_width:.{measure.digits}f}"


def format_value(value: float | None, measure: Measure, side: str = "") -> str:
    """`1.90`, with a sign if it is a difference; `-` for none."""
    sign = "+" if side == DIFFERENCE else ""
    return "-" if value is None else f"{value:{sign}.{measure.digits}f}"


def write_json(evaluation: Evaluation, path: File) -> None:
    """Writes means, confidence intervals, every recording's scores, and what was refused.

    Raises:
        SpeechganError: the file cannot be written.
    """
    content: dict[str, Any] = {
        "speechgan": __version__,
        "mean": {
            side: {
                measure.key: {
                    "mean": mean.value,
                    "confidence_95": None if math.isnan(mean.half_width) else mean.half_width,
                }
                for measure in evaluation.measures
                if (mean := evaluation.mean(side, measure.key)) is not None
            }
            for side in evaluation.sides
        },
        "recordings": [
            {"name": row.recording.name, **_seconds([row]), **row.scores} for row in evaluation.rows
        ],
        "refused": [
            {"name": refusal.name, "reason": refusal.reason} for refusal in evaluation.refused
        ],
    }
    text = json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False)
    write_file(path, f"{text}\n")


def write_csv(evaluation: Evaluation, path: File) -> None:
    """Writes one line for each recording that was measured: `enhanced_pesq`, `noisy_pesq`, ...

    Raises:
        SpeechganError: the file cannot be written.
    """
    measures = evaluation.measures_of_recordings
    columns = [(side, m.key) for side in evaluation.measured_sides for m in measures]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    titles = (f"{side}_{key}" for side, key in columns)
    writer.writerow(["recording", *_seconds(evaluation.rows), *titles])
    for row in evaluation.rows:
        values = (evaluation.value(row, side, key) for side, key in columns)
        writer.writerow([row.recording.name, *_seconds([row]).values(), *values])
    write_file(path, text.getvalue())


def require_writable(path: File) -> None:
    """Makes the folder of a file to be written, and checks that it is writable.

    Raises:
        SpeechganError: it is not, or a folder has the file's name.
    """
    if isinstance(path, Place):
        path.require_writable()
        return
    if path.is_dir():
        raise SpeechganError(f"{path}: a folder stands there; give the name of a file")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise cannot_write(path, error) from None


def _seconds(rows: Sequence[Row]) -> dict[str, float]:
    """The first row's duration as a column; empty if rows have none."""
    return {} if rows[0].seconds is None else {"seconds": rows[0].seconds}
