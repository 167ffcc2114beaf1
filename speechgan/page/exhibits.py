"""Spectrograms and scores of recordings, as HTML."""

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray

from speechgan.audio import Wave
from speechgan.evaluation.report_media import (
    LONGEST_EXCERPT,
    draw_spectrogram,
    measure_levels,
)
from speechgan.evaluation.sounds import SAMPLE_RATE, load
from speechgan.metrics.dnsmos import dnsmos
from speechgan.metrics.intrusive import pesq_wb
from speechgan.utils.errors import UnmeasurableError

MEASURES = (
    ("DNSMOS SIG", "Is the speech undistorted? 1 to 5"),
    ("DNSMOS BAK", "Is the background unobtrusive? 1 to 5"),
    ("DNSMOS OVRL", "Overall, 1 to 5"),
)
PESQ = ("PESQ-WB", "Against the reference, 1 to 4.64")
MOST_COLUMNS = 4


def load_excerpts(files: Mapping[str, Path]) -> dict[str, Wave]:
    """The beginning of recordings, `(sample,)` at 16 kHz, by the name of each."""
    return {name: load(path, mono=True, seconds=LONGEST_EXCERPT)[0] for name, path in files.items()}


def draw_pictures(excerpts: Mapping[str, Wave]) -> str:
    """Spectrograms side by side, in one colour scale, as HTML."""
    levels = {name: measure_levels(wave) for name, wave in excerpts.items()}
    top = max(float(level.max()) for level in levels.values())
    figures = [
        f'<figure><img src="{draw_spectrogram(level, top)}" alt="spectrogram, {escape(name)}">'
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, level in levels.items()
    ]
    return f'<div class="pictures">{"".join(figures)}</div>'


def draw_words(images: Sequence[NDArray[np.float32]]) -> str:
    """Generated images `(bin, frame)` in [-1, 1] side by side, as HTML."""
    from speechgan.features.clip import sheet

    png = io.BytesIO()
    imsave(png, sheet(np.stack(images), min(len(images), MOST_COLUMNS)), cmap="magma", format="png")
    data = base64.b64encode(png.getvalue()).decode("ascii")
    what = "spectrogram" if len(images) == 1 else f"spectrograms of {len(images)} words"
    return f'<div class="words"><img src="data:image/png;base64,{data}" alt="{what}"></div>'


def score(
    excerpts: Mapping[str, Wave], reference: Wave | None = None
) -> dict[str, list[float | None]]:
    """DNSMOS of recordings, and PESQ if there is a clean reference.

    Args:
        excerpts, reference: `(sample,)` at 16 kHz.

    Returns:
        For each recording the values of `MEASURES` and, with a reference, of `PESQ`; None where a
        measure is not defined.
    """
    scores: dict[str, list[float | None]] = {}
    for name, wave in excerpts.items():
        try:
            row: list[float | None] = [*dnsmos(wave, SAMPLE_RATE)]
        except UnmeasurableError:
            row = [None] * len(MEASURES)
        if reference is not None:
            row.append(_compare(reference, wave))
        scores[name] = row
    return scores


def _compare(reference: Wave, wave: Wave) -> float | None:
    length = min(len(reference), len(wave))
    try:
        return pesq_wb(reference[:length], wave[:length], SAMPLE_RATE)
    except UnmeasurableError:
        return None


def format_scores(scores: Mapping[str, Sequence[float | None]], seconds: float) -> str:
    """A table as HTML.

    Args:
        scores: of `score`.
        seconds: length of the recording.
    """
    columns = len(next(iter(scores.values())))
    head = [
        f'<th scope="col" title="{escape(hint)}">{name}</th>'
        for name, hint in (*MEASURES, PESQ)[:columns]
    ]
    rows = [
        f'<tr><th scope="row">{escape(name)}</th>{_cells(row)}</tr>' for name, row in scores.items()
    ]
    about = "Predicted opinions of listeners (DNSMOS), 1 to 5"
    about += ", and PESQ against the reference, 1 to 4.64" if columns > len(MEASURES) else ""
    if seconds > LONGEST_EXCERPT:
        about += f"; of the first {LONGEST_EXCERPT:.0f} s, as the spectrograms"
    return (
        f'<div class="scores"><table><caption>{about}.</caption>'
        f"<thead><tr><td></td>{''.join(head)}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cells(row: Iterable[float | None]) -> str:
    return "".join(f"<td>{'–' if x is None else f'{x:.2f}'}</td>" for x in row)
