"""`speechgan enhance`: noisy recordings in, cleaner ones out."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from speechgan.cli.jobs import STANDARD, Job, plan_jobs
from speechgan.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.inference.enhancer import Enhancer

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
BAR = "{percentage:3.0f}% |{bar}| {n:.0f}/{total:.0f} s of audio [{elapsed}<{remaining}]"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("inputs", nargs="+", metavar="IN", help="file, folder, or - for WAV from standard input")
    add("-o", "--output", metavar="OUT", help="file, folder, or - for WAV to standard output")
    add(
        "--model",
        default="default",
        metavar="NAME|DIR",
        help="a name that `speechgan models` lists, or a model folder (default: default)",
    )
    add(
        "--strength",
        type=_parse_strength,
        default=1.0,
        metavar="0..1",
        help="share of the enhanced sound, the rest is the input (default: 1)",
    )
    add(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where to compute (default: auto)",
    )
    add("--threads", type=_parse_count, default=1, metavar="N", help="of the CPU (default: 1)")
    add(
        "--seed",
        type=_parse_count,
        default=0,
        metavar="N",
        help="of models that draw one of several plausible results (default: 0)",
    )
    add("--overwrite", action="store_true", help="replace outputs that exist")
    add("--json", action="store_true", help="print what was done as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Enhances; 1 if a recording failed, else 0.

    Raises:
        SpeechganError: inputs and output do not go together, or the model cannot be loaded.
    """
    to_standard = arguments.output == STANDARD or (
        arguments.output is None and STANDARD in arguments.inputs
    )
    if arguments.json and to_standard:
        raise SpeechganError("--json: standard output takes the sound; name a file with -o")
    with plan_jobs(arguments.inputs, arguments.output) as jobs:
        from speechgan.inference.enhancer import Enhancer

        enhancer = Enhancer.from_pretrained(
            arguments.model, arguments.device, arguments.threads, arguments.seed
        )
        records = _enhance_all(jobs, enhancer, arguments.strength, arguments.overwrite)
    if arguments.json:
        report = {"model": arguments.model, "strength": arguments.strength, "files": records}
        print(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        print(_summarise(records), file=sys.stderr)
    return 1 if any("error" in record for record in records) else 0


def _enhance_all(
    jobs: list[Job], enhancer: "Enhancer", strength: float, overwrite: bool
) -> list[dict[str, Any]]:
    """A record of each job: what was written, or the error, which is also printed."""
    from tqdm import tqdm

    sources = {job.source.resolve() for job in jobs}
    records = []
    shown = sys.stderr.isatty()
    total = sum(_measure_seconds(job.source) for job in jobs) if shown else None
    with tqdm(total=total, disable=not shown, bar_format=BAR) as bar:
        for job in jobs:
            record: dict[str, Any] = {"input": job.name}
            started = time.perf_counter()
            try:
                if job.target.resolve() in sources:
                    raise SpeechganError(f"{job.target}: is itself an input; choose another output")
                if job.target.exists() and not overwrite:
                    raise SpeechganError(f"{job.target}: exists; use --overwrite to replace it")
                done = enhancer.enhance_file(job.source, job.target, strength, bar.update)
            except SpeechganError as error:
                bar.write(f"speechgan: error: {error}", file=sys.stderr)
                record["error"] = str(error)
            else:
                record["output"] = str(job.target)
                record["seconds"] = round(done.seconds, 3)
                record["sample_rate"] = done.sample_rate
                record["channels"] = done.channels
                record["elapsed"] = round(time.perf_counter() - started, 3)
            records.append(record)
    return records


def _summarise(records: list[dict[str, Any]]) -> str:
    done = [record for record in records if "error" not in record]
    seconds, elapsed = (sum(record[key] for record in done) for key in ("seconds", "elapsed"))
    count = f"{len(done)} of {len(records)} files" if len(records) > 1 else f"{len(done)} file"
    return f"{count} enhanced: {seconds:.1f} s of audio in {elapsed:.1f} s"


def _measure_seconds(path: Path) -> float:
    from speechgan.audio import Reader

    try:
        with Reader(path) as reader:
            return reader.samples / reader.sample_rate
    except SpeechganError:
        return 0.0  # its own job reports it


def _parse_strength(text: str) -> float:
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 <= strength <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return strength


def _parse_count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)
