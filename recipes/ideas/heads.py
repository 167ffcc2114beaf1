"""What the heads of discriminators know, in trainings of enhance.sh.

    python recipes/ideas/heads.py TRAINING ... --data DIR [--split WHAT]

Of the recordings of DIR/pairs/WHAT, and of what the training's model made of them, which lies in
TRAINING/enhanced-pairs: the mean scores of clean speech and of what was made, both beside their
noisy recording, in how many recordings the first is higher ("told apart"; chance is half of them),
and the mean score of clean speech beside another's noisy recording, the next one's. A discriminator
is taught that clean speech is 1 and all else 0. A score is the mean over patches, and a figure that
over seeds: folders whose names differ in a number at the end, as both-1 and both-2 do.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from saliency import name_row, summarise
from torch import Tensor

from speechgan.audio import read, resample
from speechgan.evaluation.pairing import pair_recordings
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.inference.interpretation.trainings import load_discriminator
from speechgan.models.discriminators.spectrogram import SpectrogramDiscriminator
from speechgan.pretrained.build import build_part
from speechgan.systems.enhancement.supervised import level_gain
from speechgan.utils.errors import SpeechganError

COLUMNS = ("clean", "made", "told apart", "clean beside another's")
Sounds = tuple[Tensor, Tensor, Tensor]


def main() -> None:
    """Prints a row for each head of each training, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trainings", nargs="+", type=Path, metavar="TRAINING")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", choices=["test", "valid"], default="test")
    arguments = parser.parse_args()
    rows: dict[tuple[str, str], list[list[float]]] = {}
    for training in arguments.trainings:
        for head, figures in measure(training, arguments.data / "pairs" / arguments.split).items():
            rows.setdefault((name_row(str(training)), head), []).append(figures)
    print(f"| | head | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}")
    for (name, head), seeds in rows.items():
        cells = [summarise(list(own)) for own in zip(*seeds, strict=True)]
        # A head that does not see the noisy recording has nothing to say of another's.
        cells += [""] * (len(COLUMNS) - len(cells))
        print(f"| {name} | {head} | {' | '.join(cells)} |")


def measure(training: Path, pairs: Path) -> dict[str, list[float]]:
    """Of each head, the figures that `COLUMNS` name.

    Raises:
        SpeechganError: no training with such a discriminator, or no recordings.
    """
    config, network = load_discriminator(
        training, SpectrogramDiscriminator, "a training of the row heads or patches of enhance.sh"
    )
    features: Stft = build_part(training, config, "features")
    sounds = list(read_sounds(pairs, training / "enhanced-pairs", config["sample_rate"]))
    found: dict[str, list[list[float]]] = {head: [] for head in network.heads}
    for number, (clean, noisy, made) in enumerate(sounds):
        other = sounds[(number + 1) % len(sounds)][1]
        gain = level_gain(noisy)
        right = score(network, features, noisy * gain, clean * gain)
        fake = score(network, features, noisy * gain, made * gain)
        wrong = score(network, features, other * level_gain(other), clean * gain)
        for head in network.heads:
            own = [right[head], fake[head], float(right[head] > fake[head])]
            found[head].append(own + [wrong[head]] * (head in network.conditional_heads))
    return {
        head: [sum(column) / len(column) for column in zip(*own, strict=True)]
        for head, own in found.items()
    }


def read_sounds(pairs: Path, made: Path, rate: int) -> Iterator[Sounds]:
    """Clean, noisy and made, each `(channel, sample)`, of each recording.

    Raises:
        SpeechganError: no recordings, or one that has no other.
    """
    noisy = pair_recordings(pairs / "clean", pairs / "noisy")
    for before, after in zip(noisy, pair_recordings(pairs / "clean", made), strict=True):
        paths = before.files["clean"], before.files["enhanced"], after.files["enhanced"]
        clean, given, found = (torch.from_numpy(resample(*read(path), rate)) for path in paths)
        yield clean, given, found


@torch.inference_mode()
def score(
    network: SpectrogramDiscriminator, features: Stft, condition: Tensor, candidate: Tensor
) -> dict[str, float]:
    """Of each head, of as much as both have."""
    length = min(condition.shape[1], candidate.shape[1])
    waves = condition[:, :length], candidate[:, :length]
    scores = network(*(Signal(wave, features(wave)) for wave in waves))
    return {head: float(scores[head].mean()) for head in network.heads}


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"heads.py: error: {error}")
