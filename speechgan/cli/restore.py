"""`speechgan restore`: restores damaged recordings."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from speechgan.cli.arguments import add_common_arguments, model_settings, parse_share
from speechgan.cli.jobs import Task, run_task
from speechgan.utils.file_work import Work, Written
from speechgan.utils.workers import Report

EPILOG = """\
examples:
  speechgan restore call.wav                     writes call.restored.wav beside it
  speechgan restore recordings -o restored       a folder, with all folders in it
  speechgan restore old.mp3 -o new.wav --strength 0.8
  ffmpeg -i talk.mp4 -f wav - | speechgan restore - -o talk.wav

Telephones and other narrow bands, gaps of up to 150 ms, clipping, codecs, rooms and noise: the
model finds by itself what is missing. The output keeps channels, length and, where it can, the
format of the input; recordings of less than 16 kHz come out at 16 kHz, all others at their own
rate. What was clipped at full scale comes out softer, or it would be again. Of noise alone,
`speechgan enhance` leaves what is nearer to the clean wave.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IN", help="file, folder, or - for WAV from standard input")
    add(
        "--strength",
        type=parse_share,
        default=1.0,
        metavar="0..1",
        help="share of the restored sound, the rest is the input (default: 1)",
    )
    add_common_arguments(parser, "restore")


def run(arguments: argparse.Namespace) -> int:
    """Restores; 1 if a recording failed, else 0.

    Raises:
        SpeechganError: inputs and output do not go together, or the model cannot be loaded.
    """
    start = partial(start_work, model_settings(arguments), arguments.strength)
    task = Task(start, ".restored", "restored", {"strength": arguments.strength})
    return run_task(task, arguments.inputs, arguments)


def start_work(model: dict[str, Any], strength: float) -> Work:
    """Loads a model; returns a function that restores a file.

    Args:
        model: arguments of `Restorer.from_pretrained`.
        strength: of `Restorer.restore_file`.
    """
    from speechgan.inference.restorer import Restorer

    restorer = Restorer.from_pretrained(**model)

    def work(source: Path, target: Path, report: Report) -> Written:
        return restorer.restore_file(source, target, strength=strength, progress=report)

    return work
