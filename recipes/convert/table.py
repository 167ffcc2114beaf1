"""Prints evaluations of conversion as a Markdown table: `table.py SOURCE-TARGET.json ...`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import write_whole

SOURCE, CONVERTED = "source", "converted"
COLUMNS = (
    ("MCD of the source", SOURCE, "mcd", 2),
    ("MCD", CONVERTED, "mcd", 2),
    ("F0 mean, % off", CONVERTED, "f0_deviation", 1),
    ("log-F0 corr.", CONVERTED, "f0_correlation", 2),
    ("like target", CONVERTED, "target_similarity", 2),
    ("like source", CONVERTED, "source_similarity", 2),
    ("nearer target", CONVERTED, "nearer_target", 2),
    ("content", CONVERTED, "content", 2),
    ("modulation, dB", CONVERTED, "modulation", 2),
    ("DNSMOS OVRL", CONVERTED, "dnsmos_overall", 2),
)


def read_scores(path: Path) -> dict[str, Any]:
    """What `speechgan evaluate convert --json` wrote.

    Raises:
        SpeechganError: missing, or not such a file.
    """
    try:
        scores: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if CONVERTED not in scores["mean"]:
            raise KeyError(CONVERTED)
    except OSError as error:
        raise SpeechganError(f"{path}: {error.strerror}; run stage 4 first") from None
    except (ValueError, KeyError, TypeError):
        raise SpeechganError(
            f"{path}: not scores of converted recordings; remove it and run stage 4 again"
        ) from None
    return scores


def format_markdown(named: dict[str, dict[str, Any]]) -> str:
    """One row for each pair, one column for each measure."""
    rows = [["pair", *(title for title, *_ in COLUMNS)], ["---"] * (len(COLUMNS) + 1)]
    for name, scores in named.items():
        rows.append([name, *(_format(scores, *column[1:]) for column in COLUMNS)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _format(scores: dict[str, Any], side: str, key: str, digits: int) -> str:
    mean = scores["mean"].get(side, {}).get(key)
    return "" if mean is None else f"{mean['mean']:.{digits}f}"


def main() -> int:
    """Prints and, if asked, writes; the exit code."""
    parser = argparse.ArgumentParser(description="Print evaluations of conversion as Markdown.")
    parser.add_argument("scores", type=Path, nargs="+", help="of `speechgan evaluate convert`")
    parser.add_argument("-o", "--output", type=Path, help="write the table to this file too")
    arguments = parser.parse_args()
    try:
        table = format_markdown({path.stem: read_scores(path) for path in arguments.scores})
        if arguments.output:
            write_whole(arguments.output, table + "\n")
    except SpeechganError as error:
        print(f"table.py: error: {error}", file=sys.stderr)
        return 1
    print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
