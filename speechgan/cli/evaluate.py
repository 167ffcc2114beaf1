"""`speechgan evaluate`: measures enhanced, converted or generated speech."""

import argparse
import json
import math
import sys
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from speechgan.cli.arguments import add_cluster_argument, parse_positive
from speechgan.utils.errors import SpeechganError
from speechgan.utils.places import locate, write_file

if TYPE_CHECKING:
    from speechgan.evaluation.pipeline import Runner
    from speechgan.evaluation.results import Evaluation


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of all tasks."""
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    _configure_enhancement(
        tasks.add_parser(
            "enhance",
            help="PESQ, STOI, SI-SDR, composite measures, DNSMOS and more",
            description="Measures a folder of enhanced speech against clean references of the same "
            "names, prints the means with their 95 % confidence intervals, and exits with 1 if a "
            "recording had to be left out.",
        )
    )
    _configure_conversion(
        tasks.add_parser(
            "convert",
            help="MCD, F0, speaker similarity, content, DNSMOS and more",
            description="Measures a folder of converted speech against recordings of its target "
            "and its source, prints the means with their 95 % confidence intervals, and exits with "
            "1 if a recording had to be left out.",
        )
    )

    _configure_generation(
        tasks.add_parser(
            "generate",
            help="accuracy of digits and speakers, Frechet distance, coverage, variety, detail",
            description="Has a model make spoken digits, asks a judge that was trained on real "
            "ones alone what it hears, and prints the same of real recordings beside it.",
        )
    )


def _configure_generation(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", default="digits", metavar="NAME|DIR", help="(default: digits)")
    add(
        "--real",
        type=locate,
        required=True,
        metavar="DIR|URL",
        help="folder with train/ and test/, files named DIGIT_SPEAKER_TAKE",
    )
    add("--count", type=parse_positive, default=1000, metavar="N", help="to make (default: 1000)")
    add("--digit", metavar="DIGIT", help="make and judge this one alone")
    add("--speaker", metavar="NAME", help="of this one alone")
    add("--seed", type=int, default=0, metavar="N", help="of all noise (default: 0)")
    add("--json", type=locate, metavar="FILE|URL", help="write the scores as JSON")
    add("--cluster", metavar="ADDRESS", help="not for this task, whose work is one model's")


def _configure_enhancement(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--clean", type=locate, required=True, metavar="DIR|URL", help="references")
    add("--enhanced", type=locate, required=True, metavar="DIR|URL", help="to measure")
    help_noisy = "inputs of the enhancement, to show what it gained"
    add("--noisy", type=locate, metavar="DIR|URL", help=help_noisy)
    _add_common(parser)


def _configure_conversion(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--converted", type=locate, required=True, metavar="DIR|URL", help="to measure")
    help_target = "recordings of the target; one of a converted one's name is the same sentence"
    add("--target", type=locate, metavar="DIR|URL", help=help_target)
    help_source = "what was converted, of the same names"
    add("--source", type=locate, metavar="DIR|URL", help=help_source)
    help_unpaired = "equal names of target and converted recordings do not mean equal sentences"
    add("--unpaired", action="store_true", help=help_unpaired)
    help_words = (
        "errors of words and phones of English speech, against what is heard in the source (needs "
        "the extra words)"
    )
    add("--words", action="store_true", help=help_words)
    help_listen = (
        "write a listening test, an HTML page that asks whose voice is nearer; its recordings are "
        "fetched if at URLs"
    )
    add("--listen", type=locate, metavar="FILE|URL", help=help_listen)
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", type=locate, metavar="FILE|URL", help="write all scores as JSON")
    add("--csv", type=locate, metavar="FILE|URL", help="write a line per recording")
    help_report = "write an HTML page with pictures and players of recordings, fetched if at URLs"
    add("--report", type=locate, metavar="FILE|URL", help=help_report)
    help_shown = "recordings that a page shows, a report the worst, middling and best (default: 6)"
    add("--shown", type=_parse_shown, default=6, metavar="N|all", help=help_shown)
    help_measure = (
        "add a measure of your own; imported and run as Python, so name only code that you trust"
    )
    add("--measure", action="append", default=[], metavar="MODULE:FUNCTION", help=help_measure)
    add("--workers", type=parse_positive, metavar="N", help="processes (default: all cores)")
    add("--no-dnsmos", action="store_true", help="leave out DNSMOS, the slowest measure")
    help_cluster = "measure there; folders are paths that all workers see, or URLs of s3 and gs"
    add_cluster_argument(parser, help_cluster)


def run(arguments: argparse.Namespace) -> int:
    """Measures, prints, writes; 1 if a recording was left out, else 0.

    Raises:
        SpeechganError: see `evaluate_enhancement` and `evaluate_conversion`; or an output cannot be
            written.
    """
    if arguments.task == "generate":
        return _run_generation(arguments)
    from speechgan.evaluation.tables import format_table, require_writable, write_csv, write_json

    listen = getattr(arguments, "listen", None)
    if listen and not (arguments.source and arguments.target):
        raise SpeechganError(f"--listen {listen}: needs --source and --target to compare with")
    outputs = [*filter(None, (arguments.json, arguments.csv, arguments.report, listen))]
    for number, path in enumerate(outputs):
        # Checked now, not after an hour of measuring.
        if path in outputs[:number]:
            raise SpeechganError(f"{path}: is named for two outputs; give each a file of its own")
        require_writable(path)
    evaluation = _evaluate(arguments)
    # First, so that results are not lost if a file cannot be written.
    print(format_table(evaluation))
    for refusal in evaluation.refused:
        print(f"speechgan: left out: {refusal.name}: {refusal.reason}", file=sys.stderr)
    if arguments.json:
        write_json(evaluation, arguments.json)
    if arguments.csv:
        write_csv(evaluation, arguments.csv)
    if arguments.report:
        from speechgan.evaluation.report import write_report

        write_report(evaluation, arguments.report, arguments.shown)
    if listen:
        from speechgan.evaluation.listening import write_listening_test

        write_listening_test(
            evaluation, arguments.source, arguments.target, listen, arguments.shown
        )
    return 1 if evaluation.refused else 0


def _evaluate(arguments: argparse.Namespace) -> "Evaluation":
    from speechgan.evaluation.measure import load_measure

    common: dict[str, Any] = {
        "measures": [load_measure(name) for name in arguments.measure],
        "workers": _choose_workers(arguments),
        "with_dnsmos": not arguments.no_dnsmos,
        "progress": True,
    }
    if arguments.task == "enhance":
        from speechgan.evaluation.enhancement import evaluate_enhancement

        folders = (arguments.clean, arguments.enhanced, arguments.noisy)
        return evaluate_enhancement(*folders, **common)
    from speechgan.evaluation.conversion import evaluate_conversion

    folders = (arguments.converted, arguments.target, arguments.source)
    return evaluate_conversion(
        *folders,
        parallel=not arguments.unpaired,
        with_words=arguments.words,
        **common,
    )


def _choose_workers(arguments: argparse.Namespace) -> "int | Runner | None":
    """The number of processes, or the runner of a cluster."""
    if not arguments.cluster:
        workers: int | None = arguments.workers
        return workers
    from speechgan.cluster.items import run_items

    return partial(run_items, arguments.cluster, arguments.workers)


def _run_generation(arguments: argparse.Namespace) -> int:
    """Generates digits and evaluates them.

    Raises:
        SpeechganError: no such model or folder, labels unknown to the classifier, or a cluster.
    """
    if arguments.cluster:
        raise SpeechganError(
            "--cluster: one model makes all words, and one judge hears all of them together, which "
            "cannot be shared out; leave it out"
        )
    from speechgan.evaluation.generation import format_scores, score_model
    from speechgan.evaluation.tables import require_writable
    from speechgan.inference.generation.generator import Generator

    if arguments.json:
        require_writable(arguments.json)
    generator = Generator.from_pretrained(arguments.model, engine="torch")
    asked = (arguments.digit, arguments.speaker)
    real, made = score_model(generator, arguments.real, arguments.count, *asked, arguments.seed)
    scores = {"real, test": real, str(arguments.model): made}
    print(format_scores(scores))
    if arguments.json:
        # JSON knows no NaN.
        content = {
            name: {key: None if math.isnan(value) else value for key, value in asdict(own).items()}
            for name, own in scores.items()
        }
        write_file(arguments.json, json.dumps(content, indent=2, allow_nan=False) + "\n")
    return 0


def _parse_shown(text: str) -> int | None:
    return None if text == "all" else parse_positive(text)
