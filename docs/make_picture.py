"""Draws docs/images/before_after.png: spectrograms of an example, noisy, enhanced and clean.

python docs/make_picture.py [--model NAME|DIR] [--example NAME] [-o FILE]
"""

import argparse
import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot

from speechgan import Enhancer, audio
from speechgan.utils.errors import SpeechganError

ROOT = Path(__file__).parents[1]
N_FFT, HOP = 512, 128
RANGE_DB = 60


def main() -> None:
    """Draws and writes."""
    parser = argparse.ArgumentParser(description="Draw spectrograms before and after.")
    add = parser.add_argument
    add("--model", default="default", metavar="NAME|DIR", help="model (default: default)")
    add("--example", default="p228_fireplace.flac", metavar="NAME", help="in examples/noisy")
    add("-o", "--output", type=Path, default=ROOT / "docs" / "images" / "before_after.png")
    arguments = parser.parse_args()
    noisy, sample_rate = audio.read(ROOT / "examples" / "noisy" / arguments.example)
    clean, _ = audio.read(ROOT / "examples" / "clean" / arguments.example)
    enhanced = Enhancer.from_pretrained(arguments.model, "cpu")(noisy, sample_rate)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    waves = {"noisy": noisy[0], "enhanced": enhanced[0], "clean": clean[0]}
    draw(waves, sample_rate, arguments.output)


def draw(waves: dict[str, audio.Wave], sample_rate: int, path: Path) -> None:
    """Writes a picture of `(sample,)` waves side by side, on one scale of colours."""
    levels = {title: measure_levels(wave) for title, wave in waves.items()}
    top = max(float(level.max()) for level in levels.values())
    figure, axes = pyplot.subplots(
        1, len(levels), figsize=(14, 4.5), dpi=80, sharey=True, layout="constrained"
    )
    for axis, (title, level) in zip(axes, levels.items(), strict=True):
        image = axis.imshow(
            level - top,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=-RANGE_DB,
            vmax=0,
            extent=(0, len(waves[title]) / sample_rate, 0, sample_rate / 2000),
        )
        axis.set_title(title, fontsize=16)
        axis.set_xlabel("time, s", fontsize=13)
        axis.tick_params(labelsize=12)
    axes[0].set_ylabel("frequency, kHz", fontsize=13)
    bar = figure.colorbar(image, ax=axes, pad=0.01)
    bar.set_label("level, dB", fontsize=13)
    bar.ax.tick_params(labelsize=12)
    figure.savefig(path)


def measure_levels(wave: audio.Wave) -> audio.Wave:
    """Levels `(frequency, frame)` in dB, under a Hann window."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, N_FFT // 2), N_FFT)[::HOP]
    power = np.abs(np.fft.rfft(frames * np.hanning(N_FFT))) ** 2
    return 10 * np.log10(power.T + 1e-12)


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"make_picture.py: error: {error}")
