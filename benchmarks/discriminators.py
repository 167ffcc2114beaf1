"""What a discriminator can hear: trained against a model that stands still, asked of other pairs.

    python benchmarks/discriminators.py --data DIR [key=value ...] [--rows NAME ...] [--steps N]

DIR holds speech/ and noise/. A discriminator that cannot tell what a good enhancer makes from clean
speech has nothing to teach it, whatever its weight. "told apart" is the share of pairs that come
after the training in which clean speech scores higher than the enhanced, on average over its
patches; chance is 0.5. A look at this costs minutes, an adversarial training hours.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.systems.base import Step
from speechgan.training.compose import build, compose
from speechgan.training.fine_tuning import load_predecessor, start_from_model
from speechgan.utils.errors import SpeechganError

ROWS = {
    "compressed magnitudes": ["system=two_headed"],
    "the same, not normalised": ["system=two_headed", "discriminator.spectral=false"],
    "decibels": ["system=two_headed", "discriminator.scale=decibels"],
    "decibels, not normalised": ["system=balanced"],
    "with one of waves": ["system=wave_judged"],
}
ASKED = 60
COLUMNS = ("discriminator", "head", "told apart", "clean scores", "enhanced scores")


def main() -> None:
    """Trains every row and prints what it can tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--model", default="default", help="whose output is to be told")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--steps", type=int, default=300, metavar="N")
    parser.add_argument("settings", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for name in arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            settings = [f"data.root='{arguments.data.absolute()}'", f"run.folder='{folder}'"]
            settings += [f"run.fine_tune={arguments.model}", "trainer.threads=1"]
            settings += ["data.seconds=2", "data.batch_size=4", *arguments.settings]
            config = compose("enhance", [*ROWS[name], *settings])
            for head, *figures in judge(config, arguments.steps):
                cells = [name, head, *(f"{figure:.2f}" for figure in figures)]
                print(f"| {' | '.join(cells)} |", flush=True)


def judge(config: DictConfig, steps: int) -> Iterator[tuple[str, float, float, float]]:
    """Of each head: the share of pairs that it tells apart, and its mean scores."""
    trainer, system = build(config.trainer), build(config.system)
    predecessor = load_predecessor(config)
    assert predecessor is not None
    start_from_model(system, predecessor)
    batches, _ = build(config.data).open()
    run = trainer._start(trainer._launch(), system)
    judges = frozenset(system.turns) - {"generator"}
    for number in range(steps):
        run.play(batches[number], judges, judges)
    found: dict[str, list[Tensor]] = {}
    system.eval()
    with torch.no_grad():
        for number in range(steps, steps + ASKED):
            noisy, clean = system.signals(Step(batches[number], ()))
            enhanced = system.generate(noisy)
            of_clean, of_enhanced = (ask(system, noisy, side) for side in (clean, enhanced))
            for head in of_clean:
                found.setdefault(head, []).append(torch.stack([of_clean[head], of_enhanced[head]]))
    for head, parts in found.items():
        real, fake = torch.cat(parts, 1)
        yield head, (real > fake).float().mean().item(), real.mean().item(), fake.mean().item()


def ask(system: Any, noisy: Signal, candidate: Signal) -> dict[str, Tensor]:
    """Mean scores `(batch,)` by head."""
    scores = system.discriminator(noisy, candidate)
    means = {head: of_head.flatten(1).mean(1) for head, of_head in scores.items()}
    if "wave" in system.judges:
        for kind, found in system.judges["wave"].network(candidate.wave).items():
            each = [score.flatten(1).mean(1) for score, _ in found]
            means[f"wave, by {kind}"] = torch.stack(each).mean(0)
    return means


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"discriminators.py: error: {error}")
