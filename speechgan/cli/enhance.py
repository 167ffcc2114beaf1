"""`speechgan enhance`: noisy recordings in, cleaner ones out."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from speechgan.cli.jobs import (
    Written,
    add_common_arguments,
    parse_count,
    plan_jobs,
    refuse_mixed_output,
    run_jobs,
    summarise,
)

NAME = "enhance"
HELP = "take the noise out of recordings of speech"

EPILOG = """\
examples:
  speechgan enhance call.wav                     writes call.enhanced.wav beside it
  speechgan enhance recordings -o enhanced       a folder, with all folders in it
  speechgan enhance a.flac b.wav -o enhanced --strength 0.8
  ffmpeg -i talk.mp4 -f wav - | speechgan enhance - -o talk.wav

The output keeps the sample rate, channels, length and, where it can, the format of the input; MP3,
Ogg and Opus come out as WAV unless -o names another file. Models hear up to half their sample rate
(`speechgan models`): what lies above that is absent at --strength 1.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IN", help="file, folder, or - for WAV from standard input")
    add(
        "--strength",
        type=_parse_strength,
        default=1.0,
        metavar="0..1",
        help="share of the enhanced sound, the rest is the input (default: 1)",
    )
    add(
        "--seed",
        type=parse_count,
        default=0,
        metavar="N",
        help="of models that draw one of several plausible results (default: 0)",
    )
    add_common_arguments(parser, "default")


def run(arguments: argparse.Namespace) -> int:
    """Enhances; 1 if a recording failed, else 0.

    Raises:
        SpeechganError: inputs and output do not go together, or the model cannot be loaded.
    """
    refuse_mixed_output(arguments.inputs, arguments.output, arguments.json)
    with plan_jobs(arguments.inputs, arguments.output, ".enhanced") as jobs:
        from speechgan.inference.enhancer import Enhancer

        enhancer = Enhancer.from_pretrained(
            arguments.model, arguments.device, arguments.threads, arguments.seed
        )

        def work(source: Path, target: Path, progress: Callable[[float], object]) -> Written:
            return enhancer.enhance_file(source, target, arguments.strength, progress)

        records = run_jobs(jobs, work, arguments.overwrite)
    if arguments.json:
        report = {"model": arguments.model, "strength": arguments.strength, "files": records}
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print(summarise(records, "enhanced"), file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0


def _parse_strength(text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return strength
