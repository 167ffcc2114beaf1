"""`speechgan evaluate`: how good is the output?"""

import argparse
import sys
from pathlib import Path


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

    convert = tasks.add_parser(
        "convert",
        help="MCD, F0, speaker similarity, content, DNSMOS and more",
        description="Measures a folder of converted speech against recordings of its target and "
        "its source, prints the means with their 95 % confidence intervals, and exits with 1 if a "
        "recording had to be left out.",
    )
    convert.add_argument("--converted", type=Path, required=True, metavar="DIR", help="to measure")
    convert.add_argument(
        "--target",
        type=Path,
        metavar="DIR",
        help="recordings of the target; one of a converted one's name is the same sentence",
    )
    convert.add_argument(
        "--source", type=Path, metavar="DIR", help="what was converted, of the same names"
    )
    convert.add_argument(
        "--unpaired",
        action="store_true",
        help="equal names of target and converted recordings do not mean equal sentences",
    )
    convert.add_argument("--json", type=Path, metavar="FILE", help="write all scores as JSON")
    convert.add_argument(
        "--report", type=Path, metavar="FILE", help="write an HTML page with pictures and players"
    )
    convert.add_argument(
        "--shown",
        type=_parse_shown,
        default=6,
        metavar="N|all",
        help="recordings that the report shows (default: 6)",
    )
    convert.add_argument(
        "--workers", type=_parse_count, metavar="N", help="processes (default: all cores)"
    )
    convert.add_argument("--no-dnsmos", action="store_true", help="leave out DNSMOS")
    convert.add_argument(
        "--words",
        action="store_true",
        help="word error of English speech, against what is heard in the source (needs the extra "
        "words)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measures, writes, prints; 1 if a recording was left out, else 0.

    Raises:
        SpeechganError: see `evaluate` and `evaluate_conversion`; or an output cannot be written.
    """
    from speechgan.evaluation.tables import require_writable

    for name in ("json", "csv", "report"):
        if path := getattr(arguments, name, None):
            # Said now and not after an hour of measuring.
            require_writable(path)
    return {"enhance": _evaluate_enhancement, "convert": _evaluate_conversion}[arguments.task](
        arguments
    )


def _evaluate_enhancement(arguments: argparse.Namespace) -> int:
    from speechgan.evaluation.evaluation import evaluate
    from speechgan.evaluation.tables import format_table, write_csv, write_json

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
        from speechgan.evaluation.report import write_report

        write_report(evaluation, arguments.report, arguments.shown)
    print(format_table(evaluation))
    for refusal in evaluation.refused:
        print(f"speechgan: left out: {refusal.name}: {refusal.reason}", file=sys.stderr)
    return 1 if evaluation.refused else 0


def _evaluate_conversion(arguments: argparse.Namespace) -> int:
    from speechgan.evaluation.conversion_evaluation import evaluate_conversion
    from speechgan.evaluation.conversion_tables import (
        format_conversion_table,
        write_conversion_json,
    )

    evaluation = evaluate_conversion(
        arguments.converted,
        arguments.target,
        arguments.source,
        parallel=not arguments.unpaired,
        workers=arguments.workers,
        with_dnsmos=not arguments.no_dnsmos,
        with_words=arguments.words,
        progress=True,
    )
    if arguments.json:
        write_conversion_json(evaluation, arguments.json)
    if arguments.report:
        from speechgan.evaluation.conversion_report import write_conversion_report

        write_conversion_report(evaluation, arguments.report, arguments.shown)
    print(format_conversion_table(evaluation))
    for name, reason in evaluation.refused:
        print(f"speechgan: left out: {name}: {reason}", file=sys.stderr)
    return 1 if evaluation.refused else 0


def _parse_count(text: str) -> int:
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return count


def _parse_shown(text: str) -> int | None:
    return None if text == "all" else _parse_count(text)
