"""What the judge says of the trainings of a row, over seeds, as Markdown.

    python recipes/ideas/table.py OUT --variants NAME ... --seeds N ...

A figure is the mean over seeds, with the largest distance of a seed from it.
"""

import argparse
import json
import math
from pathlib import Path

REAL = "real, test"
COLUMNS = {
    "accuracy": "digit heard",
    "speaker": "speaker heard",
    "unheard": "unheard pair heard",
    "frechet": "Fréchet",
    "coverage": "coverage",
    "variety": "variety",
    "detail": "detail",
    "rebuilt": "rebuilt",
    "middle": "middle",
    "rebuilt_digit": "rebuilt digit heard",
    "rebuilt_first": "in the first second",
    "rebuilt_last": "in the last second",
    "rebuilt_speaker": "rebuilt speaker heard",
    "minutes": "minutes",
}


def main() -> None:
    """Prints the table; columns that nobody has are left out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--variants", nargs="+", required=True)
    parser.add_argument("--seeds", nargs="+", required=True)
    arguments = parser.parse_args()
    folders = {v: [arguments.out / f"{v}-{s}" for s in arguments.seeds] for v in arguments.variants}
    first = next(iter(folders.values()))[0]
    rows = {REAL: [read_scores(first / "scores.json", real=True)]}
    rows |= {name: [read_run(folder) for folder in own] for name, own in folders.items()}
    figures = {
        name: {c: summarise([x[c] for x in own]) for c in COLUMNS} for name, own in rows.items()
    }
    shown = [c for c in COLUMNS if any(own[c] for own in figures.values())]
    print(f"| | {' | '.join(COLUMNS[c] for c in shown)} |")
    print(f"|{'---|' * (len(shown) + 1)}")
    for name, own in figures.items():
        print(f"| {name} | {' | '.join(own[c] for c in shown)} |")


def read_run(folder: Path) -> dict[str, float]:
    """Of one training: its scores, those of combinations that it never heard, its minutes."""
    scores = read_scores(folder / "scores.json")
    pairs = [read_scores(path) for path in sorted(folder.glob("*_*.json"))]
    if pairs:
        scores["unheard"] = sum(pair["both"] for pair in pairs) / len(pairs)
    scores["minutes"] = float((folder / "minutes").read_text())
    return scores


def read_scores(path: Path, real: bool = False) -> dict[str, float]:
    """Of what the model made, or of real recordings."""
    found = json.loads(path.read_text())
    [name] = [name for name in found if (name == REAL) is real]
    known = {key: value for key, value in found[name].items() if value is not None}
    return {column: math.nan for column in COLUMNS} | known


def summarise(values: list[float]) -> str:
    """Mean and spread; nothing where there is no value."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return ""
    mean = sum(known) / len(known)
    digits = 1 if mean >= 2 else 3
    spread = max(abs(value - mean) for value in known)
    return f"{mean:.{digits}f}" + (f" ± {spread:.{digits}f}" if len(known) > 1 else "")


if __name__ == "__main__":
    main()
