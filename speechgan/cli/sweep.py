"""`speechgan sweep`: a hyperparameter search by many trainings."""

import argparse
import sys
from pathlib import Path

from speechgan.cli.arguments import parse_count, parse_positive
from speechgan.utils.errors import SpeechganError

EPILOG = """\
examples:
  speechgan sweep enhance data.root=DIR system=joint,two_headed --trials 2 --out sweeps/heads
  speechgan sweep enhance data.root=DIR experiment=tiny trainer.max_steps=500 --trials 20 \\
      'trainer.turns.generator.optimizer.lr=tag(log, interval(1e-4, 1e-2))' \\
      'generator.hidden=16,32,48' --out sweeps/tiny

A setting with several values, or an interval, is free, in Hydra's grammar; Optuna chooses it by
what came of the trials before. The figure is that of the best validation, of what trainer.monitor
names. OUT holds a training for each trial, table.md and trials.csv. Whatever ends it, the same
command goes on; more --trials add to those there are.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add = parser.add_argument
    add("task", help="what to train: enhance, convert, generate or vocoder")
    add("overrides", nargs="*", metavar="key=value", help="settings, fixed and free")
    add("--out", type=Path, required=True, metavar="DIR", help="folder of the sweep")
    add(
        "--trials",
        type=parse_positive,
        default=20,
        metavar="N",
        help="trainings in all, those of earlier runs included (default: 20)",
    )
    add("--seed", type=parse_count, default=0, metavar="N", help="of the choice (default: 0)")
    add("--config-dir", type=Path, metavar="DIR", help="folder of your own choices")


def run(arguments: argparse.Namespace) -> int:
    """Runs the trials; the exit code, 1 if no training gave a model.

    Raises:
        SpeechganError: unknown settings, none that is free, a folder with another sweep.
    """
    from speechgan.training.compose import compose
    from speechgan.training.sweeping.space import parse_space
    from speechgan.training.sweeping.sweep import TABLE, Sweep
    from speechgan.training.train import train

    if any(word.startswith("run.folder=") for word in arguments.overrides):
        raise SpeechganError("run.folder: each trial has a folder of its own; give --out")
    space = parse_space(arguments.overrides)

    def train_one(settings: list[str], folder: Path) -> float:
        quoted = str(folder).replace("'", "\\'")
        words = [*settings, f"run.folder='{quoted}'"]
        config = compose(arguments.task, words, own=arguments.config_dir)
        best = train(config, resume=True)
        if not best:
            raise SpeechganError("no validation gave a finite figure")
        return best[config.trainer.monitor]

    # Finds errors in fixed settings before anything is trained. A free one may belong to some
    # choices only, such as a size of one of two generators.
    compose(arguments.task, [*space.fixed], complete=False, own=arguments.config_dir)
    sweep = Sweep(arguments.out, space, arguments.seed)
    ranked = sweep.run(train_one, arguments.trials, lambda line: print(line, file=sys.stderr))
    print((arguments.out / TABLE).read_text(), end="")
    return 0 if ranked and ranked[0].value is not None else 1
