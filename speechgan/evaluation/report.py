"""An evaluation as one HTML file: tables, spectrograms, players; it opens offline, anywhere."""

from html import escape
from pathlib import Path

from speechgan import __version__
from speechgan.evaluation.evaluation import Evaluation, Mean, Row, Side
from speechgan.evaluation.report_media import (
    DYNAMIC_RANGE,
    LONGEST_EXCERPT,
    Exhibit,
    load_template,
    show,
)
from speechgan.evaluation.scores import Measure
from speechgan.evaluation.tables import describe, format_mean, write_text

_HEADLINES = ("pesq", "covl", "estoi", "si_sdr")

# What is listened to by numbers: its name there, and the ends of its scale.
_IMPRESSIONS = {
    "sharpness": ("Sharpness", 0, 2),
    "dnsmos_signal": ("Speech, DNSMOS SIG", 1, 5),
    "dnsmos_background": ("Background, DNSMOS BAK", 1, 5),
}


def write_report(evaluation: Evaluation, path: Path, shown: int | None = 6) -> None:
    """Writes the report.

    Args:
        evaluation: what to report.
        path: the HTML file.
        shown: recordings that are shown and played: the worst, middling and best by what PESQ
            gained. Six keep the file below 20 MB. None shows all.

    Raises:
        SpeechganError: the file cannot be written, or a recording cannot be read any more.
    """
    page = load_template("report.html").substitute(
        described=escape(describe(evaluation)),
        folders=_list_folders(evaluation.rows[0]),
        headlines="".join(
            _make_headline(evaluation, measure)
            for measure in evaluation.measures
            if measure.key in _HEADLINES
        ),
        summary=_make_summary(evaluation),
        impressions=_make_impressions(evaluation),
        exhibits="".join(
            _make_exhibits(row, label, show(row)) for row, label in choose(evaluation, shown)
        ),
        range=f"{DYNAMIC_RANGE:.0f}",
        excerpt=f"{LONGEST_EXCERPT:.0f}",
        recordings=_make_recordings(evaluation),
        refused=_make_refused(evaluation),
        version=__version__,
    )
    write_text(path, page)


def choose(evaluation: Evaluation, count: int | None) -> list[tuple[Row, str]]:
    """Recordings to show, with what they are examples of.

    A third of them those for which PESQ gained least (or is lowest, if there are no noisy files),
    a third in the middle, a third those for which it gained most; worst first.
    """
    values = evaluation.values(_get_ranked_side(evaluation), "pesq")
    ranked = [evaluation.rows[i] for i in sorted(range(len(values)), key=values.__getitem__)]
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
    """`better` or `worse` if the confidence interval of a difference leaves out 0, else empty."""
    if measure.better in ("one", "zero") or not abs(difference.value) > difference.half_width:
        return ""
    return "better" if (difference.value > 0) == (measure.better == "higher") else "worse"


def describe_sharpness(value: float) -> str:
    """What a mean sharpness says of the sound."""
    if value < 0.9:
        return "blurred against the clean speech, or noise is left between its harmonics"
    if value > 1.1:
        return "more dug out than the clean speech: over-suppressed, or musical noise"
    return "about as sharp as the clean speech"


def _make_impressions(evaluation: Evaluation) -> str:
    """Sharpness and DNSMOS on their scales, each with a sentence on what it means."""
    impressions = []
    for measure in evaluation.measures:
        if measure.key not in _IMPRESSIONS:
            continue
        means = {
            side: evaluation.mean(side, measure.key).value
            for side in evaluation.sides
            if side != "difference"
        }
        if measure.key == "sharpness":
            sentence = describe_sharpness(means["enhanced"])
        elif "difference" in evaluation.sides:
            verdict = judge(measure, evaluation.mean("difference", measure.key))
            sentence = f"{verdict} than before" if verdict else "no clear change"
        else:
            sentence = measure.meaning
        title, lowest, highest = _IMPRESSIONS[measure.key]
        marks = "".join(
            f'<i class="{side}" style="left:{_place(value, lowest, highest):.1f}%" '
            f'title="{side} {value:.2f}"></i>'
            for side, value in means.items()
        )
        values = " → ".join(f"{value:.2f}" for value in means.values())
        impressions.append(
            f"<div><h3>{title} <b>{values}</b></h3>"
            f'<div class="scale {measure.key}">{marks}</div>'
            f'<p class="ends"><span>{lowest}</span><span>{highest}</span></p>'
            f"<p>{escape(sentence)}</p></div>"
        )
    return "".join(impressions)


def _place(value: float, lowest: float, highest: float) -> float:
    """Percent of the way along a scale."""
    return 100 * min(max((value - lowest) / (highest - lowest), 0), 1)


def _get_ranked_side(evaluation: Evaluation) -> Side:
    return "difference" if "difference" in evaluation.sides else "enhanced"


def _list_folders(row: Row) -> str:
    depth = row.recording.name.count("/")
    paths = {
        "clean": row.recording.clean,
        "enhanced": row.recording.enhanced,
        "noisy": row.recording.noisy,
    }
    return "".join(
        f"<span>{side} <code>{escape(str(path.parents[depth]))}</code></span>"
        for side, path in paths.items()
        if path is not None
    )


def _make_headline(evaluation: Evaluation, measure: Measure) -> str:
    enhanced = evaluation.mean("enhanced", measure.key)
    note = f"± {enhanced.half_width:.{measure.digits}f}"
    verdict = ""
    if "difference" in evaluation.sides:
        difference = evaluation.mean("difference", measure.key)
        note = f"{format_mean(difference, measure, 'difference')} to noisy"
        verdict = judge(measure, difference)
    unit = f" <small>{measure.unit}</small>" if measure.unit else ""
    return (
        f'<div class="card"><h3>{escape(measure.title)}</h3>'
        f'<p class="figure">{enhanced.value:.{measure.digits}f}{unit}</p>'
        f'<p class="{verdict}">{note}</p></div>'
    )


def _make_summary(evaluation: Evaluation) -> str:
    head = "".join(f"<th>{side}</th>" for side in evaluation.sides)
    rows = []
    for measure in evaluation.measures:
        cells = []
        for side in evaluation.sides:
            mean = evaluation.mean(side, measure.key)
            verdict = judge(measure, mean) if side == "difference" else ""
            cells.append(f'<td class="{verdict}">{format_mean(mean, measure, side)}</td>')
        arrow = {"higher": "↑", "lower": "↓", "one": "→ 1", "zero": "→ 0"}[measure.better]
        unit = f" <small>{measure.unit}</small>" if measure.unit else ""
        rows.append(
            f"<tr><th>{escape(measure.title)}{unit}"
            f" <small>{arrow}</small></th>{''.join(cells)}<td>{escape(measure.meaning)}</td></tr>"
        )
    head = f"<thead><tr><th></th>{head}<th></th></tr></thead>"
    return f"<table>{head}<tbody>{''.join(rows)}</tbody></table>"


def _make_exhibits(row: Row, label: str, exhibits: list[Exhibit]) -> str:
    scores = {"noisy": row.noisy, "enhanced": row.enhanced, "clean": None}
    badge = f'<span class="badge {label}">{label}</span>' if label else ""
    figures = []
    for exhibit in exhibits:
        of_side = scores[exhibit.side]
        note = "reference"
        if of_side is not None:
            note = f"PESQ {of_side['pesq']:.2f} · SI-SDR {of_side['si_sdr']:.1f} dB"
        figures.append(
            f"<figure><figcaption><b>{exhibit.side}</b> {note}</figcaption>"
            f'<img src="{exhibit.picture}" alt="spectrogram, {exhibit.side}">'
            f'<audio controls preload="none" src="{exhibit.sound}"></audio></figure>'
        )
    return (
        f"<article><h3>{escape(row.recording.name)} {badge}<small>{row.seconds:.1f} s</small></h3>"
        f'<div class="sides">{"".join(figures)}</div></article>'
    )


def _make_recordings(evaluation: Evaluation) -> str:
    heads = ["<th>recording</th>", "<th>s</th>"]
    columns = [[f"<td>{row.seconds:.1f}</td>" for row in evaluation.rows]]
    ranked = _get_ranked_side(evaluation)
    if ranked == "difference":
        heads.append("<th>PESQ gain</th>")
        gains = evaluation.values(ranked, "pesq")
        columns.append([f"<td>{gain:+.2f}</td>" for gain in gains])
    for measure in evaluation.measures:
        # A heading may break at a space but not at a hyphen.
        title = escape(measure.title).replace("-", "&#8209;")
        heads.append(f'<th title="{escape(measure.meaning)}">{title}</th>')
        values = evaluation.values("enhanced", measure.key)
        columns.append([f"<td>{value:.{measure.digits}f}</td>" for value in values])
    rows = (
        f"<tr><th>{escape(row.recording.name)}</th>{''.join(cells)}</tr>"
        for row, cells in zip(evaluation.rows, zip(*columns, strict=True), strict=True)
    )
    return (
        f'<table class="sortable"><thead><tr>{"".join(heads)}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _make_refused(evaluation: Evaluation) -> str:
    if not evaluation.refused:
        return ""
    items = "".join(
        f"<li><b>{escape(refusal.name)}</b>: {escape(refusal.reason)}</li>"
        for refusal in evaluation.refused
    )
    return f"<section><h2>Left out of every mean</h2><ul>{items}</ul></section>"
