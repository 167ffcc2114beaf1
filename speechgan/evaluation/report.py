"""An evaluation as one HTML file with tables, spectrograms and players, which works offline."""

from html import escape

from speechgan import __version__
from speechgan.evaluation.measure import Measure
from speechgan.evaluation.report_media import (
    DYNAMIC_RANGE,
    LONGEST_EXCERPT,
    Exhibit,
    load_template,
    show,
)
from speechgan.evaluation.report_scales import make_scales
from speechgan.evaluation.results import DIFFERENCE, Evaluation, Mean, Row
from speechgan.evaluation.tables import describe, format_mean, format_value
from speechgan.utils.places import File, write_file

_ARROWS = {"higher": "↑", "lower": "↓", "one": "→ 1", "zero": "→ 0"}


def write_report(evaluation: Evaluation, path: File, shown: int | None = 6) -> None:
    """Writes the report.

    Args:
        evaluation: to report.
        path: the HTML file.
        shown: number of recordings with spectrograms and players: the worst, median and best. Six
            keep the file below 20 MB. None shows all.

    Raises:
        SpeechganError: the file cannot be written, or a recording can no longer be read.
    """
    page = load_template().substitute(
        title=escape(evaluation.task.title),
        note=escape(evaluation.task.note),
        judged=escape(evaluation.task.judged),
        described=escape(describe(evaluation)),
        folders=_list_folders(evaluation.rows[0]),
        headlines="".join(
            _make_headline(evaluation, measure)
            for measure in evaluation.measures
            if measure.key in evaluation.task.headlines
        ),
        summary=_make_summary(evaluation),
        scales=make_scales(evaluation, judge),
        exhibits="".join(
            _make_exhibits(evaluation, row, label, show(row.recording, evaluation.task.shown))
            for row, label in choose(evaluation, shown)
        ),
        range=f"{DYNAMIC_RANGE:.0f}",
        excerpt=f"{LONGEST_EXCERPT:.0f}",
        recordings=_make_recordings(evaluation),
        refused=_make_refused(evaluation),
        version=__version__,
    )
    write_file(path, page)


def choose(evaluation: Evaluation, count: int | None) -> list[tuple[Row, str]]:
    """Recordings to show, with the labels `worst`, `median` and `best`.

    A third of them are the worst by the ranking measure (by its difference, if there is a
    baseline), a third the middle, a third the best; worst first.
    """
    ranked = list(evaluation.rows)
    if measure := _get_ranking(evaluation):
        side = _get_ranked_side(evaluation)
        sign = -1 if measure.better == "lower" else 1
        # Recordings without a value rank as the worst.
        values = {
            id(row): float("-inf") if value is None else sign * value
            for row in ranked
            for value in [evaluation.value(row, side, measure.key)]
        }
        ranked.sort(key=lambda row: values[id(row)])
    if count is None or count >= len(ranked):
        return [(row, "") for row in ranked]
    ends = count // 3
    middle = count - 2 * ends
    first = (len(ranked) - middle) // 2
    return [
        *((row, "worst") for row in ranked[:ends]),
        *((row, "median") for row in ranked[first : first + middle]),
        *((row, "best") for row in ranked[len(ranked) - ends :]),
    ]


def judge(measure: Measure, difference: Mean) -> str:
    """`better` or `worse` if a difference's confidence interval excludes 0, otherwise empty."""
    if measure.better in ("one", "zero") or not abs(difference.value) > difference.half_width:
        return ""
    return "better" if (difference.value > 0) == (measure.better == "higher") else "worse"


def _get_ranking(evaluation: Evaluation) -> Measure | None:
    measured = {measure.key: measure for measure in evaluation.measures}
    return next((measured[key] for key in evaluation.task.ranked_by if key in measured), None)


def _get_ranked_side(evaluation: Evaluation) -> str:
    return DIFFERENCE if DIFFERENCE in evaluation.sides else evaluation.task.judged


def _list_folders(row: Row) -> str:
    lines = []
    for side, folder in row.recording.files.items():
        for _ in range(row.recording.name.count("/") + 1):
            folder = folder.parent
        lines.append(f"<span>{side} <code>{escape(str(folder))}</code></span>")
    return "".join(lines)


def _make_headline(evaluation: Evaluation, measure: Measure) -> str:
    mean = evaluation.mean(evaluation.task.judged, measure.key)
    assert mean is not None, "a measure of the judged side"
    _, plus_minus, note = format_mean(mean, measure, "").partition("± ")
    difference = evaluation.mean(DIFFERENCE, measure.key)
    verdict = ""
    if difference is not None:
        note = f"{format_mean(difference, measure, DIFFERENCE)} to {evaluation.task.baseline}"
        verdict = judge(measure, difference)
    elif plus_minus:
        note = f"± {note}"
    return (
        f'<div class="card"><h3>{escape(measure.title)}</h3>'
        f'<p class="figure">{format_value(mean.value, measure)}{_make_unit(measure)}</p>'
        f'<p class="{verdict}">{note}</p></div>'
    )


def _make_unit(measure: Measure) -> str:
    return f" <small>{escape(measure.unit)}</small>" if measure.unit else ""


def _make_summary(evaluation: Evaluation) -> str:
    head = "".join(f"<th>{side}</th>" for side in evaluation.sides)
    rows = []
    for measure in evaluation.measures:
        cells = []
        for side in evaluation.sides:
            mean = evaluation.mean(side, measure.key)
            verdict = judge(measure, mean) if mean is not None and side == DIFFERENCE else ""
            cells.append(f'<td class="{verdict}">{format_mean(mean, measure, side)}</td>')
        rows.append(
            f"<tr><th>{escape(measure.title)}{_make_unit(measure)}"
            f" <small>{_ARROWS[measure.better]}</small></th>{''.join(cells)}"
            f"<td>{escape(measure.meaning)}</td></tr>"
        )
    head = f"<thead><tr><th></th>{head}<th></th></tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def _make_exhibits(evaluation: Evaluation, row: Row, label: str, exhibits: list[Exhibit]) -> str:
    badge = f'<span class="badge {label}">{label}</span>' if label else ""
    duration = f"<small>{row.seconds:.1f} s</small>" if row.seconds is not None else ""
    figures = "".join(
        f"<figure><figcaption><b>{exhibit.side}</b> {_caption(evaluation, row, exhibit)}"
        "</figcaption>"
        f'<img src="{exhibit.picture}" alt="spectrogram, {exhibit.side}">'
        f'<audio controls preload="none" src="{exhibit.sound}"></audio></figure>'
        for exhibit in exhibits
    )
    return (
        f"<article><h3>{escape(row.recording.name)} {badge}{duration}</h3>"
        f'<div class="sides">{figures}</div></article>'
    )


def _caption(evaluation: Evaluation, row: Row, exhibit: Exhibit) -> str:
    if exhibit.is_example:
        return "another recording"
    notes = [
        f"{escape(m.title)} {format_value(value, m)} {escape(m.unit)}".rstrip()
        for m in evaluation.measures
        if m.key in evaluation.task.captions
        and (value := evaluation.value(row, exhibit.side, m.key)) is not None
    ]
    return " · ".join(notes) or "reference"


def _make_recordings(evaluation: Evaluation) -> str:
    rows = evaluation.rows
    columns = [("<th>recording</th>", [f"<th>{escape(row.recording.name)}</th>" for row in rows])]
    if rows[0].seconds is not None:
        columns.append(("<th>s</th>", [f"<td>{row.seconds or 0.0:.1f}</td>" for row in rows]))
    ranking = _get_ranking(evaluation)
    if ranking and DIFFERENCE in evaluation.sides:
        title = ranking.title.partition("-")[0]
        columns.append(
            (f"<th>{escape(title)} gain</th>", _make_cells(evaluation, ranking, DIFFERENCE))
        )
    for measure in evaluation.measures_of_recordings:
        # Headings may wrap at spaces, but not at hyphens.
        title = escape(measure.title).replace("-", "&#8209;")
        head = f'<th title="{escape(measure.meaning)}">{title}</th>'
        columns.append((head, _make_cells(evaluation, measure, evaluation.task.judged)))
    heads, cells = zip(*columns, strict=True)
    lines = "".join(f"<tr>{''.join(line)}</tr>" for line in zip(*cells, strict=True))
    return (
        f'<table class="sortable"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _make_cells(evaluation: Evaluation, measure: Measure, side: str) -> list[str]:
    values = (evaluation.value(row, side, measure.key) for row in evaluation.rows)
    return [f"<td>{format_value(value, measure, side)}</td>" for value in values]


def _make_refused(evaluation: Evaluation) -> str:
    if not evaluation.refused:
        return ""
    items = "".join(
        f"<li><b>{escape(refusal.name)}</b>: {escape(refusal.reason)}</li>"
        for refusal in evaluation.refused
    )
    return f"<section><h2>Left out of every mean</h2><ul>{items}</ul></section>"
