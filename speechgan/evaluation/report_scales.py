"""The section of a report that shows means as marks on scales."""

from collections.abc import Callable
from html import escape

from speechgan.evaluation.measure import Measure
from speechgan.evaluation.results import DIFFERENCE, Evaluation, Mean
from speechgan.evaluation.task import Scale

Judge = Callable[[Measure, Mean], str]


def make_scales(evaluation: Evaluation, judge: Judge) -> str:
    """A section with the task's scales, and a sentence about each mean; empty without scales.

    Args:
        evaluation: to report.
        judge: decides whether a difference is better or worse.
    """
    measured = {measure.key: measure for measure in evaluation.measures}
    lines = [
        _make_scale(evaluation, measured[scale.key], scale, judge)
        for scale in evaluation.task.scales
        if scale.key in measured
    ]
    if not lines:
        return ""
    keys = " ".join(
        f'<i class="key {_mark(evaluation, side)}"></i> {escape(side)}'
        for side in evaluation.measured_sides
    )
    return (
        '<section><h2>Listening by numbers</h2><p class="note">Is the output blurred, is the '
        f"speech intact, is the background quiet? {keys}; sharpness 1 is the clean speech.</p>"
        f'<div class="impressions">{"".join(lines)}</div></section>'
    )


def _make_scale(evaluation: Evaluation, measure: Measure, scale: Scale, judge: Judge) -> str:
    means = {
        side: mean.value
        for side in evaluation.measured_sides
        if (mean := evaluation.mean(side, measure.key)) is not None
    }
    difference = evaluation.mean(DIFFERENCE, measure.key)
    if scale.say:
        sentence = scale.say(means[evaluation.task.judged])
    elif difference is not None:
        verdict = judge(measure, difference)
        sentence = f"{verdict} than before" if verdict else "no clear change"
    else:
        sentence = measure.meaning
    marks = "".join(
        f'<i class="{_mark(evaluation, side)}" style="left:{_place(value, scale):.1f}%" '
        f'title="{side} {value:.2f}"></i>'
        for side, value in means.items()
    )
    values = " → ".join(f"{value:.2f}" for value in means.values())
    return (
        f"<div><h3>{escape(scale.title)} <b>{values}</b></h3>"
        f'<div class="scale {measure.better}">{marks}</div>'
        f'<p class="ends"><span>{scale.lowest:g}</span><span>{scale.highest:g}</span></p>'
        f"<p>{escape(sentence)}</p></div>"
    )


def _mark(evaluation: Evaluation, side: str) -> str:
    return "judged" if side == evaluation.task.judged else "other"


def _place(value: float, scale: Scale) -> float:
    """Percent of the way along a scale."""
    return 100 * min(max((value - scale.lowest) / (scale.highest - scale.lowest), 0), 1)
