"""An evaluation of conversion as one HTML file: tables, spectrograms, players."""

from html import escape
from pathlib import Path

from speechgan import __version__, audio
from speechgan.evaluation.conversion_evaluation import ConversionEvaluation, Row
from speechgan.evaluation.evaluation import Mean
from speechgan.evaluation.report_media import (
    DYNAMIC_RANGE,
    LONGEST_EXCERPT,
    draw_spectrogram,
    encode_sound,
    load_template,
    measure_levels,
)
from speechgan.evaluation.scores import SAMPLE_RATE, Measure
from speechgan.evaluation.tables import write_text

TEMPLATE = "conversion_report.html"
# The exhibits are spread over recordings ranked by the first of these that was measured.
RANKED_BY = ("mcd", "target_similarity", "content")


def write_conversion_report(
    evaluation: ConversionEvaluation, path: Path, shown: int | None = 6
) -> None:
    """Writes the report.

    Args:
        evaluation: what to report.
        path: the HTML file.
        shown: recordings that are shown and played, spread from the best to the worst; None shows
            all.

    Raises:
        SpeechganError: the file cannot be written, or a recording cannot be read any more.
    """
    page = load_template(TEMPLATE).substitute(
        described=f"{len(evaluation.rows)} recordings",
        summary=_make_summary(evaluation),
        exhibits="".join(_make_exhibit(row) for row in choose(evaluation, shown)),
        range=f"{DYNAMIC_RANGE:.0f}",
        excerpt=f"{LONGEST_EXCERPT:.0f}",
        recordings=_make_recordings(evaluation),
        refused=_make_refused(evaluation),
        version=__version__,
    )
    write_text(path, page)


def choose(evaluation: ConversionEvaluation, count: int | None) -> list[Row]:
    """Recordings to show, evenly from the best to the worst."""
    measured = {measure.key: measure for measure in evaluation.measures}
    key = next((key for key in RANKED_BY if key in measured), None)
    rows = list(evaluation.rows)
    if key is not None:
        sign = -1 if measured[key].better == "higher" else 1
        rows.sort(key=lambda row: sign * row.scores["converted"].get(key, 0.0))
    if count is None or count >= len(rows):
        return rows
    step = (len(rows) - 1) / max(1, count - 1)
    return [rows[round(number * step)] for number in range(count)]


def _make_summary(evaluation: ConversionEvaluation) -> str:
    head = "".join(f"<th>{side}</th>" for side in evaluation.sides)
    rows = []
    for measure in evaluation.measures:
        means = (evaluation.mean(side, measure.key) for side in evaluation.sides)
        cells = "".join(f"<td>{_format(mean, measure)}</td>" for mean in means)
        arrow = {"higher": "↑", "lower": "↓", "one": "→ 1", "zero": "→ 0"}[measure.better]
        unit = f" <small>{measure.unit}</small>" if measure.unit else ""
        rows.append(
            f"<tr><th>{escape(measure.title)}{unit} <small>{arrow}</small></th>{cells}"
            f"<td>{escape(measure.meaning)}</td></tr>"
        )
    head = f"<thead><tr><th></th>{head}<th></th></tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def _format(mean: Mean | None, measure: Measure) -> str:
    if mean is None:
        return "-"
    width = f" ± {mean.half_width:.{measure.digits}f}" if mean.half_width == mean.half_width else ""
    return f"{mean.value:.{measure.digits}f}{width}"


def _make_exhibit(row: Row) -> str:
    paths = {
        "source": row.conversion.source,
        "converted": row.conversion.converted,
        "target": row.conversion.example,
    }
    waves = {}
    for side, path in paths.items():
        if path is not None:
            wave, rate = audio.read(path)
            # The excerpt is cut first: resampling an hour to show 15 s would take long.
            wave = wave[:, : round(LONGEST_EXCERPT * rate)]
            waves[side] = audio.resample(wave, rate, SAMPLE_RATE).mean(axis=0)
    levels = {side: measure_levels(wave) for side, wave in waves.items()}
    top = max(float(level.max()) for level in levels.values())
    figures = "".join(
        f"<figure><figcaption><b>{side}</b></figcaption>"
        f'<img src="{draw_spectrogram(levels[side], top)}" alt="spectrogram, {side}">'
        f'<audio controls preload="none" src="{encode_sound(wave)}"></audio></figure>'
        for side, wave in waves.items()
    )
    scores = row.scores["converted"]
    note = f"MCD {scores['mcd']:.2f} dB" if "mcd" in scores else "target: another sentence"
    return (
        f"<article><h3>{escape(row.conversion.name)} <small>{note}</small></h3>"
        f'<div class="sides">{figures}</div></article>'
    )


def _make_recordings(evaluation: ConversionEvaluation) -> str:
    heads = "".join(
        f'<th title="{escape(measure.meaning)}">{escape(measure.title)}</th>'
        for measure in evaluation.measures
    )
    rows = []
    for row in evaluation.rows:
        scores = row.scores["converted"]
        cells = "".join(
            f"<td>{scores[m.key]:.{m.digits}f}</td>" if m.key in scores else "<td>-</td>"
            for m in evaluation.measures
        )
        rows.append(f"<tr><th>{escape(row.conversion.name)}</th>{cells}</tr>")
    return (
        f'<table class="sortable"><thead><tr><th>recording</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _make_refused(evaluation: ConversionEvaluation) -> str:
    if not evaluation.refused:
        return ""
    items = "".join(
        f"<li><b>{escape(name)}</b>: {escape(reason)}</li>" for name, reason in evaluation.refused
    )
    return f"<section><h2>Left out of every mean</h2><ul>{items}</ul></section>"
