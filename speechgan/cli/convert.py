"""`speechgan convert`: what one speaker said, in another's voice."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from speechgan.cli.jobs import (
    Written,
    add_common_arguments,
    plan_jobs,
    refuse_mixed_output,
    run_jobs,
    summarise,
)

NAME = "convert"
HELP = "give recordings of speech another speaker's voice"

EPILOG = """\
examples:
  speechgan speakers                                        whose voices there are
  speechgan convert --src a.wav --target-speaker kerstin    writes a.kerstin.wav beside it
  speechgan convert --src recordings --target-speaker kerstin -o converted
  speechgan convert --src a.wav --target-speaker bob --model runs/convert/best

The output keeps the sample rate, channels, length, loudness and, where it can, the format.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--src",
        nargs="+",
        required=True,
        metavar="IN",
        help="file, folder, or - for WAV from standard input",
    )
    add("--target-speaker", required=True, metavar="NAME", help="who is to speak")
    add(
        "--source-speaker",
        metavar="NAME",
        help="who speaks, if it is one of the model's speakers (default: a stranger)",
    )
    add(
        "--vocoder",
        choices=["auto", "world", "difference", "griffin_lim", "neural"],
        default="auto",
        help="what makes the sound (default: auto, the best that fits the model)",
    )
    add(
        "--pitch-shift",
        type=float,
        default=0.0,
        metavar="SEMITONES",
        help="added to the target's pitch; of WORLD models (default: 0)",
    )
    add_common_arguments(parser, "voices")


def run(arguments: argparse.Namespace) -> int:
    """Converts; 1 if a recording failed, else 0.

    Raises:
        SpeechganError: inputs and output do not go together, the model cannot be loaded, or has no
            such speaker.
    """
    refuse_mixed_output(arguments.src, arguments.output, arguments.json)
    with plan_jobs(arguments.src, arguments.output, f".{arguments.target_speaker}") as jobs:
        from speechgan.inference.conversion.converter import Converter

        converter = Converter.from_pretrained(
            arguments.model, arguments.device, arguments.threads, arguments.vocoder
        )
        converter.check(arguments.target_speaker, arguments.source_speaker, arguments.pitch_shift)

        def work(source: Path, target: Path, progress: Callable[[float], object]) -> Written:
            return converter.convert_file(
                source,
                target,
                arguments.target_speaker,
                arguments.source_speaker,
                arguments.pitch_shift,
                progress,
            )

        records = run_jobs(jobs, work, arguments.overwrite)
    if arguments.json:
        report = {
            "model": arguments.model,
            "target_speaker": arguments.target_speaker,
            "files": records,
        }
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print(summarise(records, "converted"), file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0
