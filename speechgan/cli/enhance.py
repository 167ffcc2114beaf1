"""`speechgan enhance`: removes noise from recordings."""

import argparse
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechgan.cli.arguments import (
    add_common_arguments,
    model_settings,
    parse_count,
    parse_number,
    parse_share,
)
from speechgan.cli.jobs import Task, run_task
from speechgan.cli.live import add_live_arguments, follow, refuse_live_files, refuse_raw_files
from speechgan.utils.errors import SpeechganError
from speechgan.utils.file_work import ManyWork, Work, Written
from speechgan.utils.workers import Report

if TYPE_CHECKING:
    from speechgan.audio.pcm import Pcm
    from speechgan.inference.enhancement.streaming import Stream

EPILOG = """\
examples:
  speechgan enhance call.wav                     writes call.enhanced.wav beside it
  speechgan enhance recordings -o enhanced       a folder, with all folders in it
  speechgan enhance a.flac b.wav -o enhanced --strength 0.8
  speechgan enhance recordings -o enhanced --batch 64
                                                 64 files at a time through one network, on a GPU
  ffmpeg -i talk.mp4 -f wav - | speechgan enhance - -o talk.wav
  arecord -f S16_LE -r 16000 | speechgan enhance --stream - | aplay
                                                 live, 32 ms late

The output keeps the sample rate, channels, length and, where it can, the format of the input; MP3,
Ogg and Opus come out as WAV unless -o names another file. Models hear up to half their sample rate
(`speechgan models`): of what lies above, noise is learned in the pauses and taken out.
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
        help="share of the enhanced sound, the rest is the input (default: 1)",
    )
    add(
        "--attenuation-limit",
        type=_parse_decibels,
        metavar="DB",
        help="take nothing down by more than so many dB: some background stays, and artefacts "
        "are masked (default: no limit)",
    )
    add(
        "--separate-channels",
        action="store_true",
        help="treat each channel by itself; otherwise all get one mask, which keeps voices in "
        "their places",
    )
    add(
        "--declip",
        action="store_true",
        help="make clipped peaks anew before; what was clipped at full scale comes out softer",
    )
    add(
        "--batch",
        type=parse_count,
        metavar="N",
        help="take N recordings through the network together, in one process: for a GPU, which one "
        "alone leaves idle; takes the torch engine (default: one alone)",
    )
    add(
        "--shifts",
        type=parse_count,
        metavar="N",
        help="enhance each recording N times with shifted frames, and take the mean: a little "
        "better, N times as long (default: 2 of quality, 1 of the other shipped models)",
    )
    add_live_arguments(parser, "IN")
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
    model = _model_settings(arguments)
    sound = _sound_settings(arguments) | {"declip": arguments.declip}
    many = None
    if arguments.batch is not None:
        _refuse_batch(arguments)
        many = partial(start_batches, model | {"engine": "torch"}, sound, arguments.batch)
    if arguments.stream:
        return _run_live(arguments)
    refuse_raw_files(arguments)
    start = partial(start_work, model, sound)
    task = Task(start, ".enhanced", "enhanced", {"strength": arguments.strength}, many)
    return run_task(task, arguments.inputs, arguments)


def start_work(model: dict[str, Any], sound: dict[str, Any]) -> Work:
    """Loads a model; returns a function that enhances a file.

    Args:
        model: arguments of `Enhancer.from_pretrained`.
        sound: arguments of `Enhancer.enhance_file`.
    """
    from speechgan.inference.enhancement.enhancer import Enhancer

    enhancer = Enhancer.from_pretrained(**model)

    def work(source: Path, target: Path, report: Report) -> Written:
        return enhancer.enhance_file(source, target, progress=report, **sound)

    return work


def start_batches(model: dict[str, Any], sound: dict[str, Any], batch: int) -> ManyWork:
    """Loads a model; returns a function that enhances many files at a time.

    Args:
        model, sound: as of `start_work`.
        batch: of `Enhancer.enhance_files`.
    """
    from speechgan.inference.enhancement.enhancer import Enhancer
    from speechgan.inference.sound_files import FilePair

    enhancer = Enhancer.from_pretrained(**model)

    def work(
        files: Iterable[tuple[Path, Path]], report: Report
    ) -> Iterator[tuple[int, Written | SpeechganError]]:
        pairs = (FilePair(source, target, report) for source, target in files)
        return enhancer.enhance_files(pairs, batch=batch, **sound)

    return work


def _refuse_batch(arguments: argparse.Namespace) -> None:
    """Refuses options that cannot be combined with --batch.

    Raises:
        SpeechganError: a stream, several processes, a cluster, or the engine onnx.
    """
    for given, name in (
        (arguments.stream, "--stream"),
        ((arguments.jobs or 1) > 1, "--jobs"),
        (arguments.cluster, "--cluster"),
    ):
        if given:
            raise SpeechganError(
                f"--batch: takes files through one network in one process; leave out {name}"
            )
    if arguments.engine == "onnx":
        raise SpeechganError("--batch: onnx takes one recording at a time; use --engine torch")


def _model_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return model_settings(arguments) | {"seed": arguments.seed, "shifts": arguments.shifts}


def _sound_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "strength": arguments.strength,
        "attenuation_limit": arguments.attenuation_limit,
        "linked": not arguments.separate_channels,
    }


def _run_live(arguments: argparse.Namespace) -> int:
    from speechgan.inference.enhancement.enhancer import Enhancer

    refuse_live_files(arguments, arguments.inputs, "IN")
    if arguments.declip:
        raise SpeechganError("--declip: hears a recording twice; leave it out with --stream")
    enhancer = Enhancer.from_pretrained(**_model_settings(arguments))

    def open_stream(pcm: "Pcm") -> "Stream":
        return enhancer.stream(pcm.sample_rate, pcm.channels, **_sound_settings(arguments))

    follow(open_stream, arguments.raw, arguments.patience)
    return 0


def _parse_decibels(text: str) -> float:
    return parse_number(text, "a number of dB, 0 or more")
