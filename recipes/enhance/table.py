"""Prints the means of an evaluation as a Markdown table: `table.py scores.json`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import write_whole

COLUMNS = {
    "pesq": ("PESQ-WB", 2),
    "csig": ("CSIG", 2),
    "cbak": ("CBAK", 2),
    "covl": ("COVL", 2),
    "stoi": ("STOI", 3),
    "estoi": ("ESTOI", 3),
    "si_sdr": ("SI-SDR, dB", 1),
    "segmental_snr": ("segSNR, dB", 1),
}


def read_scores(path: Path) -> dict[str, Any]:
    """What `speechgan evaluate enhance --json` wrote.

    Raises:
        SpeechganError: missing, or not such a file.
    """
    try:
        scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not scores["mean"]["noisy"].keys() >= COLUMNS.keys():
            raise KeyError("noisy")
    except OSError as error:
        raise SpeechganError(f"{path}: {error.strerror}; run stage 4 first") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SpeechganError(
            f"{path}: not scores of noisy and enhanced recordings; remove it and run stage 4 again"
        ) from None
    return scores


def format_markdown(scores: dict[str, Any]) -> str:
    """One row for each side, one column for each measure."""
    rows = [["mean", *(title for title, _ in COLUMNS.values())], ["---"] * (len(COLUMNS) + 1)]
    for side in ("noisy", "enhanced"):
        means = scores["mean"][side]
        rows.append([side, *(f"{means[k]['mean']:.{n}f}" for k, (_, n) in COLUMNS.items())])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", f"{len(scores['recordings'])} recordings"])


def main() -> int:
    """Prints and, if asked, writes; the exit code."""
    parser = argparse.ArgumentParser(description="Print the means of an evaluation as Markdown.")
    parser.add_argument("scores", type=Path, help="of `speechgan evaluate enhance --json`")
    parser.add_argument("-o", "--output", type=Path, help="write the table to this file too")
    arguments = parser.parse_args()
    try:
        table = format_markdown(read_scores(arguments.scores))
        if arguments.output:
            write_whole(arguments.output, table + "\n")
    except SpeechganError as error:
        print(f"table.py: error: {error}", file=sys.stderr)
        return 1
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
