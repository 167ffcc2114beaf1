"""`speechgan generate`: spoken words from nothing but noise and a label."""

import argparse
import sys
from pathlib import Path

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write, replace_whole

EPILOG = """\
examples:
  speechgan generate --digit 7 --speaker theo           one word, below generated/
  speechgan generate --count 100 --seed 2 -o words      a hundred, drawn at random
  speechgan generate --model runs/generate/best -o out  of a model of your own

Each becomes a WAV file, all of them a sheet of spectrograms, sheet.png.
"""
SHEET = "sheet.png"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("--model", default="digits", metavar="NAME|DIR", help="(default: digits)")
    add("--digit", metavar="DIGIT", help="what is to be said (default: drawn for each)")
    add("--speaker", metavar="NAME", help="who is to say it (default: drawn for each)")
    add("--count", type=int, default=1, metavar="N", help="how many (default: 1)")
    add("--seed", type=int, default=0, metavar="N", help="of all noise (default: 0)")
    add(
        "-o",
        "--output",
        type=Path,
        default=Path("generated"),
        metavar="DIR",
        help="(default: generated)",
    )
    add("--vocoder", choices=["auto", "neural", "griffin_lim"], default="auto")
    add("--engine", choices=["auto", "onnx", "torch"], default="auto")
    add("--device", default="auto", metavar="NAME", help="auto, cpu or cuda (default: auto)")
    add("--threads", type=int, default=1, metavar="N", help="of the CPU (default: 1)")
    add("--overwrite", action="store_true", help="replace files that exist")


def run(arguments: argparse.Namespace) -> int:
    """Generates and writes.

    Raises:
        SpeechganError: no such model, digit or speaker, or a file cannot be written.
    """
    if arguments.seed < 0:
        raise SpeechganError(f"--seed {arguments.seed}: must be at least 0")
    import numpy as np
    from matplotlib.image import imsave

    from speechgan import audio
    from speechgan.features.clip import sheet
    from speechgan.inference.generation.generator import Generator

    generator = Generator.from_pretrained(
        arguments.model,
        arguments.device,
        threads=arguments.threads,
        vocoder=arguments.vocoder,
        engine=arguments.engine,
    )
    words = generator.generate(arguments.count, arguments.digit, arguments.speaker, arguments.seed)
    folder: Path = arguments.output
    names = ["_".join(x for x in (w.digit, w.speaker, str(n)) if x) for n, w in enumerate(words)]
    paths = [folder / f"{name}.wav" for name in names]
    for path in (*paths, folder / SHEET):
        if path.exists() and not arguments.overwrite:
            raise SpeechganError(f"{path}: exists; use --overwrite to replace it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from None
    for path, word in zip(paths, words, strict=True):
        audio.write(path, word.wave, generator.sample_rate)
    picture = sheet(np.stack([word.image for word in words]))
    with replace_whole(folder / SHEET) as beside:
        imsave(beside, picture, cmap="magma", format="png")
    print(f"{folder}: {len(words)} words and {SHEET}", file=sys.stderr)
    return 0
