"""Pictures and sounds of a report, as data URIs, so that the report is one file."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from string import Template

import numpy as np
import soundfile
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.sounds import SAMPLE_RATE, load
from speechgan.metrics.framing import Wave, power_spectrum

LONGEST_EXCERPT = 15.0
"""Seconds of a recording in a report; whole recordings would make it too large."""

DYNAMIC_RANGE = 70.0
"""Decibels from the darkest to the brightest."""

_LENGTH, _HOP = 512, 128


STYLE, SCRIPT, PAGE = "report.css", "report.js", "report.html"


@dataclass(frozen=True)
class Exhibit:
    """Picture and sound of one side of a recording.

    Attributes:
        side: its name.
        picture: spectrogram, a PNG data URI.
        sound: 16 kHz, mono, a FLAC data URI.
        is_example: whether it is another recording, in place of a missing side.
    """

    side: str
    picture: str
    sound: str
    is_example: bool = False


def load_template() -> Template:
    """The page, its style and script filled in."""
    folder = files(__package__)
    style, script, page = (
        folder.joinpath(part).read_text(encoding="utf-8") for part in (STYLE, SCRIPT, PAGE)
    )
    return Template(page.replace("$style", style).replace("$script", script.replace("$", "$$")))


def show(recording: Recording, sides: Sequence[str]) -> list[Exhibit]:
    """The sides that exist, all with the same colour scale.

    Raises:
        SpeechganError: a file can no longer be read.
    """
    paths = {**recording.examples, **recording.files}
    waves = {
        side: load(paths[side], mono=True, seconds=LONGEST_EXCERPT)[0]
        for side in sides
        if side in paths
    }
    levels = {side: measure_levels(wave) for side, wave in waves.items()}
    top = max(float(level.max()) for level in levels.values())
    return [
        Exhibit(
            side,
            draw_spectrogram(levels[side], top),
            encode_sound(wave),
            side not in recording.files,
        )
        for side, wave in waves.items()
    ]


def draw_spectrogram(level: NDArray[np.float64], top: float) -> str:
    """A PNG data URI of levels `(frequency, frame)` in dB; `top` is the brightest."""
    # Grey on transparent is legible on a light page and on a dark one.
    ink = "#8a8a94"
    figure = Figure(figsize=(4.4, 2.5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(
        level,
        origin="lower",
        aspect="auto",
        interpolation="antialiased",
        cmap="magma",
        vmin=top - DYNAMIC_RANGE,
        vmax=top,
        extent=(0, level.shape[1] * _HOP / SAMPLE_RATE, 0, SAMPLE_RATE / 2000),
    )
    axes.set_xlabel("time, s", color=ink, fontsize=7, labelpad=2)
    axes.set_ylabel("frequency, kHz", color=ink, fontsize=7, labelpad=2)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
    axes.tick_params(colors=ink, labelsize=7, length=2)
    axes.spines[:].set_visible(False)
    png = io.BytesIO()
    figure.savefig(png, format="png", transparent=True)
    return _to_uri("image/png", png.getvalue())


def encode_sound(wave: Wave) -> str:
    """A FLAC data URI of a wave `(sample,)` at 16 kHz, clipped at full scale."""
    flac = io.BytesIO()
    soundfile.write(flac, np.clip(wave, -1, 1), SAMPLE_RATE, "PCM_16", format="FLAC")
    return _to_uri("audio/flac", flac.getvalue())


def measure_levels(wave: Wave) -> NDArray[np.float64]:
    """Short-time spectrum of `(sample,)` at 16 kHz, `(frequency, frame)` in dB."""
    padded = np.pad(wave, _LENGTH // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _LENGTH)[::_HOP]
    power = power_spectrum(frames * np.hanning(_LENGTH))
    levels: NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-10))
    return levels.T


def _to_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
