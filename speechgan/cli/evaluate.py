"""`speechgan evaluate`: how good is the output?"""

import argparse
import sys
from pathlib import Path

NAME = "evaluate"
HELP = "measure enhanced speech against clean speech"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of all tasks."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    enhance = tasks.add_parser(
        "enhance",
        help="PESQ, STOI, SI-SDR, composite measures, DNSMOS and more",
        description="Measures a folder of enhanced speech against clean references of the same "
        "names, prints the means with their 95 % confidence intervals, and exits with 1 if a "
        "recording had to be left out.",
    )
    enhance.add_argument("--clean", type=Path, required=True, metavar="DIR", help="references")
    enhance.add_argument("--enhanced", type=Path, required=True, metavar="DIR", help="to measure")
    enhance.add_argument(
        "--noisy",
        type=Path,
        metavar="DIR",
        help="inputs of the enhancement, to show what it gained",
    )
    enhance.add_argument("--json", type=Path, metavar="FILE", help="write all scores as JSON")
    enhance.add_argument("--csv", type=Path, metavar="FILE", help="write a line per recording")
    enhance.add_argument(
        "--report", type=Path, metavar="FILE", help="write an HTML page with pictures and players"
    )
    enhance.add_argument(
        "--shown",
        type=_parse_shown,
        default=6,
        metavar="N|all",
        help="recordings that the report shows: worst, middling and best (default: 6)",
    )
    enhance.add_argument(
        "--workers", type=_parse_count, metavar="N", help="processes (default: all cores)"
    )
    enhance.add_argument(
        "--no-dnsmos", action="store_true", help="leave out DNSMOS, the slowest measure"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measures, writes, prints; 1 if a recording was left out, else 0.

    Raises:
        SpeechganError: see `evaluation.evaluate`; or an output cannot be written.
    """
    from speechgan.metrics.evaluation import evaluate
    from speechgan.metrics.tables import format_table, require_writable, write_csv, write_json

    for path in (arguments.json, arguments.csv, arguments.report):
        if path is not None:
            # Said now and not after an hour of measuring.
            require_writable(path)
    evaluation = evaluate(
        arguments.clean,
        arguments.enhanced,
        arguments.noisy,
        workers=arguments.workers,
        dnsmos=not arguments.no_dnsmos,
        progress=True,
    )
    if arguments.json:
        write_json(evaluation, arguments.json)
    if arguments.csv:
        write_csv(evaluation, arguments.csv)
    if arguments.report:
        from speechgan.metrics.report import write_report

        write_report(evaluation, arguments.report, arguments.shown)
    print(format_table(evaluation))
    for refusal in evaluation.refused:
        print(f"speechgan: left out: {refusal.name}: {refusal.reason}", file=sys.stderr)
    return 1 if evaluation.refused else 0


def _parse_count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return count


def _parse_shown(text: str) -> int | None:
    return None if text == "all" else _parse_count(text)
