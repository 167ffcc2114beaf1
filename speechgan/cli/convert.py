"""`speechgan convert`: recordings of one speaker in another's voice."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechgan.cli.arguments import add_common_arguments, model_settings
from speechgan.cli.jobs import Task, run_task
from speechgan.cli.live import add_live_arguments, follow, refuse_live_files, refuse_raw_files
from speechgan.utils.errors import SpeechganError
from speechgan.utils.file_work import Work, Written
from speechgan.utils.workers import Report
from speechgan.vocoders.choose import NAMES

if TYPE_CHECKING:
    from speechgan.audio.pcm import Pcm
    from speechgan.inference.conversion.streaming import ConversionStream

EPILOG = """\
examples:
  speechgan speakers                                        whose voices there are
  speechgan convert --src a.wav --target-speaker kerstin    writes a.kerstin.wav beside it
  speechgan convert --src recordings --target-speaker kerstin -o converted
  speechgan convert --src a.wav --target-speaker bob --model runs/convert/best
  arecord -f S16_LE -r 16000 | speechgan convert --stream --src - --target-speaker kerstin | aplay
                                                            live, 0.19 s late

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
        choices=["auto", *NAMES],
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
    add(
        "--f0",
        choices=["swift", "harvest", "dio"],
        help="what finds the pitch, of WORLD models; harvest takes three times as long in all, dio "
        "is less sure of creaky voices (default: the model's own, swift)",
    )
    add(
        "--no-tag",
        action="store_true",
        help="write no comment into the file that says that it is converted speech",
    )
    add(
        "--watermark",
        action="store_true",
        help="put in a mark that is hardly heard; `speechgan detect` finds it, also after MP3, "
        "noise and cuts",
    )
    add_live_arguments(parser, "--src")
    add_common_arguments(parser, "voices")


def run(arguments: argparse.Namespace) -> int:
    """Converts; 1 if a recording failed, else 0.

    Raises:
        SpeechganError: inputs and output do not go together, the model cannot be loaded, or has no
            such speaker.
    """
    if arguments.stream:
        return _run_live(arguments)
    refuse_raw_files(arguments)
    speaker = arguments.target_speaker
    voice, marks = _voice_settings(arguments), _mark_settings(arguments)
    start = partial(start_work, _model_settings(arguments), voice, marks)
    told, others = {"target_speaker": speaker}, tuple(f".{s}" for s in _speakers(arguments.model))
    task = Task(start, f".{speaker}", "converted", told, other_marks=others)
    return run_task(task, arguments.src, arguments)


def _speakers(model: str) -> list[str]:
    """The model's speakers; none if it is of another task, which loading it reports."""
    from speechgan.pretrained.folder import find_model
    from speechgan.pretrained.speakers import SPEAKERS, load_speakers

    folder = find_model(model)
    return [s.name for s in load_speakers(folder)] if (folder / SPEAKERS).exists() else []


def start_work(model: dict[str, Any], voice: dict[str, Any], marks: dict[str, Any]) -> Work:
    """Loads a model; returns a function that converts a file.

    Args:
        model: arguments of `Converter.from_pretrained`.
        voice: arguments of `Converter.check`, and of `Converter.convert_file`.
        marks: further arguments of the latter: tag and watermark.

    Raises:
        SpeechganError: no such model, or it does not support these arguments.
    """
    from speechgan.inference.conversion.converter import Converter

    converter = Converter.from_pretrained(**model)
    converter.check(**voice)

    def work(source: Path, target: Path, report: Report) -> Written:
        return converter.convert_file(source, target, progress=report, **voice, **marks)

    return work


def _model_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return model_settings(arguments) | {"vocoder": arguments.vocoder, "f0": arguments.f0}


def _voice_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "target_speaker": arguments.target_speaker,
        "source_speaker": arguments.source_speaker,
        "pitch_shift": arguments.pitch_shift,
    }


def _mark_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    return {"tag": not arguments.no_tag, "watermark": arguments.watermark}


def _run_live(arguments: argparse.Namespace) -> int:
    from speechgan.inference.conversion.converter import Converter

    refuse_live_files(arguments, arguments.src, "--src")
    if arguments.watermark:
        raise SpeechganError("--watermark: of files only; convert the recording without --stream")
    converter = Converter.from_pretrained(**_model_settings(arguments))
    voice = _voice_settings(arguments)
    # Raises errors in the arguments before anything is written.
    converter.stream(converter.network.sample_rate, **voice)

    def open_stream(pcm: "Pcm") -> "ConversionStream":
        return converter.stream(pcm.sample_rate, channels=pcm.channels, **voice)

    follow(open_stream, arguments.raw, arguments.patience)
    return 0
