"""What measures say of the trainings of a row of enhance.sh, over seeds, as Markdown.

    python recipes/ideas/enhance_table.py OUT --variants NAME ... --seeds N ... [--split WHAT]

A figure is the mean over seeds, with the largest distance of a seed from it. "other draw" is how
near what is made of a recording with other noise comes to what was made of it before, as SI-SDR:
the higher, the less the noise says.
"""

import argparse
import json
from pathlib import Path

COLUMNS = {
    "sharpness": ("sharpness", 2),
    "log_spectral_distance": ("LSD, dB", 2),
    "pesq": ("PESQ-WB", 2),
    "estoi": ("ESTOI", 3),
    "si_sdr": ("SI-SDR, dB", 1),
    "covl": ("COVL", 2),
    "dnsmos_overall": ("DNSMOS OVRL", 2),
}
PLACES = {"pairs": "home", "far": "away"}
SPREAD = "other draw, dB"
Figures = dict[str, float]


def main() -> None:
    """Prints the noisy input and each variant, at home and away."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--variants", nargs="+", required=True)
    parser.add_argument("--seeds", nargs="+", required=True)
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    arguments = parser.parse_args()
    folders = {v: [arguments.out / f"{v}-{s}" for s in arguments.seeds] for v in arguments.variants}
    rows: list[tuple[str, str, list[Figures]]] = []
    for place, where in PLACES.items():
        for name, own in folders.items():
            paths = [folder / f"scores-{place}-{arguments.split}.json" for folder in own]
            if not all(path.exists() for path in paths):
                continue
            if name == arguments.variants[0]:
                rows.append(("noisy input", where, [read_means(paths[0], "noisy")]))
            figures = [read_means(path, "enhanced") for path in paths]
            if place == "pairs":
                for folder, means in zip(own, figures, strict=True):
                    means |= read_spread(folder / f"scores-spread-{arguments.split}.json")
            rows.append((name, where, figures))
    columns = {**COLUMNS, SPREAD: (SPREAD, 1)}
    shown = [c for c in columns if any(c in figures[0] for _, _, figures in rows)]
    print(f"| | | {' | '.join(columns[c][0] for c in shown)} |")
    print(f"|{'---|' * (len(shown) + 2)}")
    for name, where, figures in rows:
        cells = [summarise([f[c] for f in figures if c in f], columns[c][1]) for c in shown]
        print(f"| {name} | {where} | {' | '.join(cells)} |")


def read_means(path: Path, side: str) -> Figures:
    """Of one training or of its input, by column."""
    means = json.loads(path.read_text())["mean"][side]
    return {column: means[column]["mean"] for column in COLUMNS}


def read_spread(path: Path) -> Figures:
    """How near two draws are, where two were made."""
    if not path.exists():
        return {}
    return {SPREAD: json.loads(path.read_text())["mean"]["enhanced"]["si_sdr"]["mean"]}


def summarise(values: list[float], digits: int) -> str:
    """Mean and spread; nothing where there is no value."""
    if not values:
        return ""
    mean = sum(values) / len(values)
    spread = max(abs(value - mean) for value in values)
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if len(values) > 1 else "")


if __name__ == "__main__":
    main()
