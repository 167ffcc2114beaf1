"""`speechgan generate`: spoken words from noise and labels."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.cli.words import SHEET, add_word_arguments, plan_words, write_words
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.inference.generation.generator import Generated, Generator

EPILOG = """\
examples:
  speechgan generate --digit 7 --speaker theo           one word, below generated/
  speechgan generate --count 100 --seed 2 -o words      a hundred, drawn at random
  speechgan generate --digit 3 --to-digit 8             eight words from a three to an eight
  speechgan generate --model runs/generate/best -o out  of a model of your own

Each becomes a WAV file, all of them a sheet of spectrograms, sheet.png.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--model",
        default="digits",
        metavar="NAME|DIR",
        help="what `speechgan models` lists, or a folder (default: digits)",
    )
    add("--digit", metavar="DIGIT", help="what is to be said (default: drawn for each)")
    add("--speaker", metavar="NAME", help="who is to say it (default: drawn for each)")
    add("--to-digit", metavar="DIGIT", help="interpolate from --digit to this (torch engine)")
    add("--to-speaker", metavar="NAME", help="interpolate from --speaker, likewise")
    add("--to-seed", type=int, metavar="N", help="interpolate from --seed, likewise")
    add("--count", type=int, metavar="N", help="how many (default: 1; 8 steps)")
    add_word_arguments(parser, "generated")
    add(
        "--engine",
        choices=["auto", "onnx", "torch"],
        default="auto",
        help="what computes the images (default: auto)",
    )
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda (default: auto)")
    add("--threads", type=int, default=1, metavar="N", help="of the CPU (default: 1)")


def run(arguments: argparse.Namespace) -> int:
    """Generates and writes.

    Raises:
        SpeechganError: no such model, digit or speaker, or a file cannot be written.
    """
    for name in ("seed", "to_seed"):
        if (getattr(arguments, name) or 0) < 0:
            option = name.replace("_", "-")
            raise SpeechganError(f"--{option} {getattr(arguments, name)}: must be at least 0")
    walks = any(
        x is not None for x in (arguments.to_digit, arguments.to_speaker, arguments.to_seed)
    )
    from speechgan.inference.generation.generator import Generator

    generator = Generator.from_pretrained(
        arguments.model,
        arguments.device,
        threads=arguments.threads,
        vocoder=arguments.vocoder,
        engine="torch" if walks and arguments.engine == "auto" else arguments.engine,
    )
    words = _walk(generator, arguments) if walks else _generate(generator, arguments)
    folder: Path = arguments.output
    names = ["_".join(x for x in (w.digit, w.speaker, str(n)) if x) for n, w in enumerate(words)]
    paths = plan_words(folder, names, arguments.overwrite)
    write_words(paths, [w.wave for w in words], [w.image for w in words], generator.sample_rate)
    count = "1 word" if len(words) == 1 else f"{len(words)} words"
    print(f"{folder}: {count} and {SHEET}", file=sys.stderr)
    return 0


def _generate(generator: "Generator", arguments: argparse.Namespace) -> list["Generated"]:
    count = 1 if arguments.count is None else arguments.count
    return generator.generate(count, arguments.digit, arguments.speaker, arguments.seed)


def _walk(generator: "Generator", arguments: argparse.Namespace) -> list["Generated"]:
    pairs: dict[str, tuple[str, str] | None] = {}
    for kind in ("digit", "speaker"):
        start, end = getattr(arguments, kind), getattr(arguments, f"to_{kind}")
        if end is not None and start is None:
            raise SpeechganError(f"--to-{kind} {end}: needs --{kind}, to go there from")
        pairs[f"{kind}s"] = None if start is None else (start, start if end is None else end)
    to_seed = arguments.seed if arguments.to_seed is None else arguments.to_seed
    count = 8 if arguments.count is None else arguments.count
    return generator.walk(count, **pairs, seeds=(arguments.seed, to_seed))
