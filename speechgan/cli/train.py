"""`speechgan train`: a GAN from a folder of recordings."""

import argparse

NAME = "train"
HELP = "train a model on your own recordings"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument("task", help="what to train: enhance")
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

    from pathlib import Path

    from speechgan.inference.pretrained import WEIGHTS, find_model
    from speechgan.inference.release import release_best
    from speechgan.training.enhance import train_enhancer

    folder = Path(config.run.folder)
    model = config.run.fine_tune
    weights = find_model(model) / WEIGHTS if model else None
    best = train_enhancer(config, arguments.resume, release_best(config, folder / "best"), weights)
    figures = ", ".join(f"{name} {value:.3f}" for name, value in best.items() if name != "step")
    print(f"{folder / 'best'}: step {best['step']:.0f}, {figures}")
    return 0
