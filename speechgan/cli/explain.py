"""`speechgan explain`: explains a discriminator's scores of a recording."""

import argparse
import sys
from pathlib import Path

from speechgan.cli.arguments import refuse_existing
from speechgan.utils.errors import SpeechganError
from speechgan.utils.tables import align

EPILOG = """\
example:
  speechgan explain noisy.wav enhanced.wav --judge runs/enhance -o picture.png

The table has the scores of both heads, of the noisy recording in place of the enhanced one, and of
the enhanced one. The picture has, for each head, the scores of the patches over the spectrogram,
the size of the gradient (where a small change would move the score), and integrated gradients (what
has moved it from noisy to enhanced: blue up, red down).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("noisy", type=Path, metavar="NOISY", help="sound file")
    add("enhanced", type=Path, metavar="ENHANCED", help="what has been made of it, as long")
    add(
        "--judge",
        required=True,
        metavar="RUN",
        help="folder of a training of an enhancer against a discriminator with two heads",
    )
    add("-o", "--output", type=Path, required=True, metavar="PNG", help="the picture")
    add("--overwrite", action="store_true", help="replace a file that exists")


def run(arguments: argparse.Namespace) -> int:
    """Explains, draws and prints.

    Raises:
        SpeechganError: no such training or recording, recordings of different lengths, or the
            picture cannot be written.
    """
    refuse_existing([arguments.output], arguments.overwrite)
    from speechgan import audio
    from speechgan.inference.interpretation.explaining import Explainer
    from speechgan.inference.interpretation.picture import draw

    explainer = Explainer.from_training(arguments.judge)
    rate = explainer.sample_rate
    waves = []
    for path in (arguments.noisy, arguments.enhanced):
        wave, own = audio.read(path)
        waves.append(audio.resample(wave.mean(0, keepdims=True), own, rate)[0])
    try:
        noisy, enhanced = explainer.look(*waves)
    except SpeechganError as error:
        raise SpeechganError(
            f"{arguments.noisy}, {arguments.enhanced}: {error}; choose others, or cut them"
        ) from None
    found = explainer.explain(noisy, enhanced)
    draw(arguments.output, noisy, enhanced, found, (len(waves[0]) / rate, rate / 2000))
    print(f"{arguments.output}: written", file=sys.stderr)
    rows = [("", "noisy", "enhanced")]
    rows += [(x.head, f"{x.noisy:.3f}", f"{x.enhanced:.3f}") for x in found]
    print("\n".join(align(rows)))
    return 0
