"""Prints the runs of compare.sh as a Markdown table: `compare.py FOLDER`."""

import argparse
import json
import sys
from pathlib import Path

TITLES = {
    "supervised": "supervised only",
    "joint": "joint discriminator",
    "two_headed": "two-headed discriminator",
    "unmatched": "two-headed, no mismatched pairs",
    "two_headed_metric": "two-headed + metric critic",
    "two_headed_metric_listener": "two-headed + metric critic + listener",
    "wave_judged": "two-headed + wave discriminator, balanced",
    "unet": "U-Net, two-headed discriminator",
    "segan": "SEGAN, quarter width",
}
COLUMNS = {
    "pesq": ("PESQ-WB", 3),
    "estoi": ("ESTOI", 3),
    "si_sdr": ("SI-SDR, dB", 2),
    "covl": ("COVL", 3),
    "dnsmos_overall": ("DNSMOS OVRL", 3),
    "sharpness": ("sharpness", 2),
}


def validation(folder: Path) -> float:
    """PESQ of the last validation of a run."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["valid/pesq"] for line in lines if "valid/pesq" in line][-1]


def main() -> None:
    """Prints one row for each run, in the order of `TITLES` and then of seeds."""
    parser = argparse.ArgumentParser(description="Print the runs of compare.sh as Markdown.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    header = [
        "training",
        "seed",
        "PESQ-WB on valid",
        *(f"{title}" for title, _ in COLUMNS.values()),
    ]
    rows = [header, ["---"] * len(header)]
    noisy = None
    for name, title in TITLES.items():
        for run in sorted(folder.glob(f"{name}-*")):
            if not (run / "scores.json").exists():
                continue
            means = json.loads((run / "scores.json").read_text())["mean"]
            noisy = means["noisy"]
            cells = [f"{means['enhanced'][k]['mean']:.{n}f}" for k, (_, n) in COLUMNS.items()]
            rows.append([title, run.name.rsplit("-", 1)[1], f"{validation(run):.3f}", *cells])
    if noisy is None:
        sys.exit(f"compare.py: error: {folder}: holds no measured runs of compare.sh")
    cells = [f"{noisy[k]['mean']:.{n}f}" for k, (_, n) in COLUMNS.items()]
    rows.insert(2, ["noisy input", "", "", *cells])
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))


if __name__ == "__main__":
    main()
