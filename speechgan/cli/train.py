"""`speechgan train`: a GAN from a folder of recordings."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("task", help="what to train: enhance, convert or vocoder")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="settings, such as data.root=DIR system=joint trainer.max_steps=2000",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in run.folder, if any"
    )
    parser.add_argument("--cfg", choices=["job"], help="print the composed configuration and stop")


def run(arguments: argparse.Namespace) -> int:
    """Trains; the exit code."""
    from speechgan.training.compose import compose

    config = compose(arguments.task, arguments.overrides, complete=not arguments.cfg)
    if arguments.cfg:
        from omegaconf import OmegaConf

        print(OmegaConf.to_yaml(config), end="")
        return 0
    tasks = {
        "enhance": _train_enhancer,
        "convert": _train_converter,
        "vocoder": _train_vocoder,
    }
    best = tasks[arguments.task](config, arguments.resume)
    if not best:
        raise SpeechganError(
            f"{config.run.folder}: no validation gave a finite figure, so no model was kept; lower "
            "the learning rate, or look for broken recordings"
        )
    figures = ", ".join(f"{name} {value:.3f}" for name, value in best.items() if name != "step")
    print(f"{_best(config)}: step {best['step']:.0f}, {figures}")
    return 0


def _train_enhancer(config: "DictConfig", resume: bool) -> dict[str, float]:
    from speechgan.pretrained.folder import WEIGHTS, find_model
    from speechgan.training.enhance import train_enhancer
    from speechgan.training.release import release_best

    model = config.run.fine_tune
    weights = find_model(model) / WEIGHTS if model else None
    return train_enhancer(config, resume, release_best(config, _best(config)), weights)


def _train_converter(config: "DictConfig", resume: bool) -> dict[str, float]:
    from speechgan.pretrained.loading import load_converter
    from speechgan.training.convert import Predecessor, train_converter
    from speechgan.training.release import release_converter

    model = load_converter(config.run.fine_tune) if config.run.fine_tune else None
    predecessor = None
    if model:
        known = {speaker.name: speaker.statistics for speaker in model.speakers}
        predecessor = Predecessor(model.generator, known)
    embedding = load_converter(config.run.embedding).generator if config.run.embedding else None
    release = release_converter(config, _best(config), model.speakers if model else ())
    return train_converter(config, resume, release, predecessor, embedding)


def _train_vocoder(config: "DictConfig", resume: bool) -> dict[str, float]:
    from speechgan.training.release import release_best
    from speechgan.training.vocoder import train_vocoder

    return train_vocoder(config, resume, release_best(config, _best(config)))


def _best(config: "DictConfig") -> Path:
    return Path(config.run.folder) / "best"
