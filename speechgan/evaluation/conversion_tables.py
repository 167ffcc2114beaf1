"""An evaluation of conversion as text for the terminal and as JSON for machines."""

import json
import math
from pathlib import Path
from typing import Any

from speechgan import __version__
from speechgan.evaluation.conversion_evaluation import ConversionEvaluation
from speechgan.evaluation.evaluation import Mean
from speechgan.evaluation.tables import write_text


def format_conversion_table(evaluation: ConversionEvaluation) -> str:
    """Means of source, converted and target's reading, in aligned columns."""
    lines = [["", *evaluation.sides]]
    for measure in evaluation.measures:
        title = f"{measure.title}, {measure.unit}" if measure.unit else measure.title
        means = (evaluation.mean(side, measure.key) for side in evaluation.sides)
        lines.append([title, *(_format(mean, measure.digits) for mean in means)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    count = len(evaluation.rows)
    head = f"{count} recording{'s' if count != 1 else ''}"
    if evaluation.refused:
        head += f", {len(evaluation.refused)} left out"
    text = [f"{head}; means ± 95 % confidence intervals", ""]
    text += [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join(text)


def write_conversion_json(evaluation: ConversionEvaluation, path: Path) -> None:
    """Writes means, confidence intervals, every recording's scores, and what was refused.

    Raises:
        SpeechganError: the file cannot be written.
    """
    content: dict[str, Any] = {
        "speechgan": __version__,
        "mean": {
            side: {
                measure.key: _plain(mean)
                for measure in evaluation.measures
                if (mean := evaluation.mean(side, measure.key)) is not None
            }
            for side in evaluation.sides
        },
        "recordings": [
            {"name": row.conversion.name, **{side: row.scores[side] for side in row.scores}}
            for row in evaluation.rows
        ],
        "refused": [{"name": name, "reason": reason} for name, reason in evaluation.refused],
    }
    write_text(path, json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n")


def _format(mean: Mean | None, digits: int) -> str:
    if mean is None:
        return "-"
    value = f"{mean.value:.{digits}f}"
    return value if math.isnan(mean.half_width) else f"{value} ± {mean.half_width:.{digits}f}"


def _plain(mean: Mean) -> dict[str, float | None]:
    half_width = None if math.isnan(mean.half_width) else mean.half_width
    return {"mean": mean.value, "confidence_95": half_width}
