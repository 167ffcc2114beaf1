"""`speechgan dream`: sounds and pictures that maximise a network's score."""

import argparse
import sys

from speechgan.cli.words import SHEET, add_word_arguments, plan_words, write_words
from speechgan.utils.tables import align

EPILOG = """\
examples:
  speechgan dream --class 7                               a seven, as the shipped judge knows it
  speechgan dream --class theo --count 8 -o theo          a speaker, from eight kinds of noise
  speechgan dream --layer 2 --class 5                     a channel of the second layer
  speechgan dream --model runs/generate --layer 3         a whole layer of your own discriminator
  speechgan dream --model runs/generate --class clear     what that discriminator takes for real

Each becomes a WAV file, all of them a sheet of spectrograms, sheet.png. The table says how the
score rose from the noise that each began as, and what the shipped judge hears in it.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "--model",
        default="digit_classifier",
        metavar="NAME|RUN",
        help="the judge that ships, or the folder of a training with a discriminator of images "
        "(default: digit_classifier)",
    )
    add(
        "--layer",
        default="logits",
        metavar="N",
        help="number from 1 on, or logits (default: logits)",
    )
    add(
        "--class",
        dest="wanted",
        metavar="NAME",
        help="of logits, a digit, a speaker or a head, which must be named; of another layer, the "
        "number of a channel (default: all channels)",
    )
    add("--count", type=int, default=4, metavar="N", help="how many (default: 4)")
    add("--steps", type=int, default=200, metavar="N", help="of gradient ascent (default: 200)")
    add_word_arguments(parser, "dreams")


def run(arguments: argparse.Namespace) -> int:
    """Optimises images, writes and prints.

    Raises:
        SpeechganError: no such network, layer or class, or a file cannot be written.
    """
    import numpy as np

    from speechgan.inference.generation.sound import sound_image
    from speechgan.inference.interpretation.dreaming import dream, find_goal
    from speechgan.inference.interpretation.judges import open_judge
    from speechgan.inference.vocoders import load_vocoder
    from speechgan.metrics.digits import DIGITS, SPEAKERS, Verdict

    judge = open_judge(arguments.model)
    goal = find_goal(judge, arguments.layer, arguments.wanted)
    title = [arguments.layer, arguments.wanted or "all"]
    names = ["_".join([*title, str(number)]) for number in range(arguments.count)]
    paths = plan_words(arguments.output, names, arguments.overwrite)
    vocoder = load_vocoder(judge.features, arguments.vocoder)
    dreams = dream(judge, goal, arguments.count, arguments.steps, arguments.seed)
    images = [found.image for found in dreams]
    waves = [sound_image(image, judge.features, vocoder) for image in images]
    write_words(paths, waves, images, judge.features.sample_rate)
    print(f"{arguments.output}: {len(dreams)} dreams and {SHEET}", file=sys.stderr)
    verdict = Verdict(np.stack(images))
    rows = [("", "noise", "dream", "heard as")]
    for path, found, digit, speaker in zip(
        paths, dreams, verdict.digits, verdict.speakers, strict=True
    ):
        heard = f"{DIGITS[digit]} by {SPEAKERS[speaker]}"
        rows.append((path.name, f"{found.before:.2f}", f"{found.score:.2f}", heard))
    print("\n".join(align(rows)))
    return 0
