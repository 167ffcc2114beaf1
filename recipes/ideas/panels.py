"""Pictures of what became of one test recording in the trainings of a row of enhance.sh.

    python recipes/ideas/panels.py OUT --data DIR --variants NAME ... -o PICTURE [--seed N]
        [--recording NAME] [--split WHAT]

The noisy input, a panel for each variant, and the clean side, below each other, in decibels from 0
to -60 below the greatest of the clean one. Without --recording it is the one of the middle, by PESQ
of the noisy sides.
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import soundfile
from scipy.signal import stft

WINDOW, HOP = 512, 128


def main() -> None:
    """Draws."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--variants", nargs="+", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--recording")
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    arguments = parser.parse_args()
    folders = {name: arguments.out / f"{name}-{arguments.seed}" for name in arguments.variants}
    scores = next(iter(folders.values())) / f"scores-pairs-{arguments.split}.json"
    if not scores.exists():
        sys.exit(f"panels.py: error: {scores}: no such file; run enhance.sh first")
    recording = arguments.recording or find_middle(scores)
    pairs = arguments.data / "pairs" / arguments.split
    sounds = {"noisy": pairs / "noisy"}
    sounds |= {name: folder / "enhanced-pairs" for name, folder in folders.items()}
    sounds["clean"] = pairs / "clean"
    images = {name: decibels(find(folder, recording)) for name, folder in sounds.items()}
    draw(images, arguments.output)


def find_middle(scores: Path) -> str:
    """Name of the recording whose noisy side has the median PESQ."""
    rows = json.loads(scores.read_text())["recordings"]
    ranked = sorted(rows, key=lambda row: row["noisy"]["pesq"])
    name: str = ranked[len(ranked) // 2]["name"]
    return name


def find(folder: Path, name: str) -> Path:
    """The recording of that name, of whatever format."""
    found = sorted(folder.glob(f"{name}.*"))
    if not found:
        sys.exit(f"panels.py: error: {folder}: holds no {name}; choose another --recording")
    return found[0]


def decibels(path: Path) -> np.ndarray:
    """`(bin, frame)`."""
    wave, rate = soundfile.read(path)
    image = np.abs(stft(wave, rate, nperseg=WINDOW, noverlap=WINDOW - HOP)[2])
    return 20 * np.log10(image + 1e-8)


def draw(images: dict[str, np.ndarray], path: Path) -> None:
    """Panels below each other, on one scale."""
    figure, axes = plt.subplots(len(images), figsize=(8, 1.7 * len(images)), sharex=True)
    top = images["clean"].max()
    seconds = images["clean"].shape[1] * HOP / 16000
    for axis, (name, image) in zip(axes, images.items(), strict=True):
        axis.imshow(
            image, origin="lower", aspect="auto", cmap="magma", vmin=top - 60, vmax=top,
            extent=(0, seconds, 0, 8),
        )  # fmt: skip
        axis.set_ylabel(f"{name}\nkHz")
    axes[-1].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


if __name__ == "__main__":
    main()
