"""Prints the runs of compare.sh as a Markdown table: `compare.py FOLDER`."""

import argparse
import json
import sys
from pathlib import Path

TITLES = {
    "supervised": "supervised only",
    "supervised_plain": "supervised, no PESQ or ESTOI term",
    "joint": "joint discriminator",
    "two_headed": "two-headed discriminator",
    "unmatched": "two-headed, no mismatched pairs",
    "two_headed_metric": "two-headed + metric critic",
    "two_headed_metric_listener": "two-headed + metric critic + listener",
    "balanced": "two-headed on decibels, balanced",
    "balanced_plain": "the same, no PESQ or ESTOI term",
    "wave_judged": "two-headed + wave discriminator, balanced",
    "wave_judged_plain": "two-headed + wave, no PESQ or ESTOI term",
    "unet": "U-Net, two-headed discriminator",
    "segan": "SEGAN, quarter width",
}
COLUMNS = {
    "pesq": ("PESQ-WB", 3),
    "estoi": ("ESTOI", 3),
    "si_sdr": ("SI-SDR, dB", 2),
    "covl": ("COVL", 3),
    "dnsmos_signal": ("DNSMOS SIG", 3),
    "dnsmos_overall": ("DNSMOS OVRL", 3),
    "sharpness": ("sharpness", 2),
}


PLACES = {"pairs": "home", "far": "away"}


def read_scores(path: Path) -> dict[str, list[str]]:
    """Cells of a table, of the noisy input and of what was made of it."""
    means = json.loads(path.read_text())["mean"]
    return {
        side: [f"{means[side][key]['mean']:.{n}f}" for key, (_, n) in COLUMNS.items()]
        for side in ("noisy", "enhanced")
    }


def main() -> None:
    """Prints one row for each run and place, in the order of `TITLES` and then of seeds."""
    parser = argparse.ArgumentParser(description="Print the runs of compare.sh as Markdown.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    arguments = parser.parse_args()
    header = ["training", "seed", "where", *(title for title, _ in COLUMNS.values())]
    inputs: dict[str, list[str]] = {}
    rows = []
    for name, title in TITLES.items():
        for run in sorted(arguments.folder.glob(f"{name}-[0-9]*")):
            for place, where in PLACES.items():
                path = run / f"scores-{place}-{arguments.split}.json"
                if path.exists():
                    cells = read_scores(path)
                    inputs[where] = cells["noisy"]
                    rows.append([title, run.name.rsplit("-", 1)[1], where, *cells["enhanced"]])
    if not rows:
        sys.exit(f"compare.py: error: {arguments.folder}: holds no measured runs of compare.sh")
    first = [["noisy input", "", where, *cells] for where, cells in inputs.items()]
    table = [header, ["---"] * len(header), *first, *rows]
    print("\n".join(f"| {' | '.join(row)} |" for row in table))


if __name__ == "__main__":
    main()
