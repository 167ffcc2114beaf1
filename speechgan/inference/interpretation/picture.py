"""Explanations as one picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from speechgan.inference.interpretation.explaining import Explanation
from speechgan.utils.files import replace_whole

# Quantile at which colour scales end, as a few extreme points would leave all others pale.
BRIGHTEST = 0.999


def draw(
    path: Path,
    noisy: np.ndarray,
    enhanced: np.ndarray,
    explanations: Sequence[Explanation],
    extent: tuple[float, float],
) -> None:
    """Writes a PNG: both recordings on the left, and beside them a row of three maps for each head.

    Args:
        path: of the PNG.
        noisy, enhanced: compressed magnitudes `(frequency, frame)`.
        explanations: of two heads.
        extent: seconds and kHz of the whole.

    Raises:
        SpeechganError: it cannot be written.
    """
    figure = Figure(figsize=(16, 6), dpi=100, layout="constrained")
    grid = figure.subplots(2, 4, sharex=True, sharey=True)
    sounds = {"vmin": 0, "vmax": max(noisy.max(), enhanced.max())}

    def show(axes: Any, title: str, values: np.ndarray, **colours: Any) -> Any:
        axes.set_title(title)
        where = (0, extent[0], 0, extent[1])
        return axes.imshow(values, origin="lower", aspect="auto", extent=where, **colours)

    for axes, title, image in zip(
        grid[:, 0], ("noisy", "enhanced"), (noisy, enhanced), strict=True
    ):
        show(axes, title, image, cmap="magma", **sounds)
        axes.set_ylabel("frequency, kHz")
    for row, found in zip(grid[:, 1:], explanations, strict=True):
        slope, share = (
            float(np.quantile(np.abs(x), BRIGHTEST)) for x in (found.saliency, found.attribution)
        )
        show(row[0], "", enhanced, cmap="gray", **sounds)
        title = f"{found.head}: patches, mean {found.enhanced:.3f}"
        patches = show(row[0], title, found.patches, cmap="RdYlGn", alpha=0.5)
        gradient = show(
            row[1], f"{found.head}: gradient", found.saliency, cmap="magma", vmin=0, vmax=slope
        )
        title = f"{found.head}: integrated gradients, {found.enhanced - found.noisy:+.3f}"
        integrated = show(row[2], title, found.attribution, cmap="RdBu", vmin=-share, vmax=share)
        for axes, drawn in zip(row, (patches, gradient, integrated), strict=True):
            figure.colorbar(drawn, ax=axes)
    for axes in grid[-1]:
        axes.set_xlabel("time, s")
    with replace_whole(path) as beside:
        figure.savefig(beside, format="png")
