"""Learning curves of the trainings below a folder, in one picture.

    python recipes/convert/curves.py runs/convert-compare [--steps] [-o curves.png]

Each run's held-out score over the hours that its steps took, or over its steps; what compare.py
leaves, or any run of `speechgan train convert`. In voices that say the same sentences the score is
distortion, in dB.
"""

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt

METRICS = "metrics.jsonl"


def main() -> None:
    """Draws, and prints the last point of each curve."""
    parser = argparse.ArgumentParser(description="Learning curves of trainings in one picture.")
    parser.add_argument("runs", type=Path, help="folder below which the trainings lie")
    parser.add_argument(
        "--steps",
        action="store_true",
        help="over steps, of trainings that shared their processor unequally",
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("curves.png"), metavar="FILE")
    arguments = parser.parse_args()
    unit, digits = ("steps", 0) if arguments.steps else ("hours", 2)
    figure, axes = plt.subplots(figsize=(9, 5.5))
    for path in sorted(arguments.runs.rglob(METRICS)):
        name = path.parent.relative_to(arguments.runs).as_posix().removesuffix("/run")
        curve = read_curve(path, arguments.steps)
        if len(curve) > 1:
            axes.plot(*zip(*curve, strict=True), marker=".", label=name)
            print(f"{name}: {curve[-1][1]:.3f} after {curve[-1][0]:.{digits}f} {unit}")
    if not axes.lines:
        sys.exit(f"curves.py: error: {arguments.runs}: no training in it was judged twice")
    axes.set(xlabel=f"{unit} of training", ylabel="held-out distortion, dB")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(arguments.output, dpi=120, bbox_inches="tight")


def read_curve(metrics: Path, steps: bool) -> list[tuple[float, float]]:
    """Hours of steps, or their number, and what was lost by then: the score's negative."""
    seconds, before, curve = 0.0, 0, []
    for line in map(json.loads, metrics.read_text().splitlines()):
        if "seconds_per_step" in line:
            seconds += line["seconds_per_step"] * (line["step"] - before)
            before = line["step"]
        if "valid/score" in line:
            curve.append((line["step"] if steps else seconds / 3600, -line["valid/score"]))
    return curve


if __name__ == "__main__":
    main()
