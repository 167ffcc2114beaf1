"""`speechgan train`: trains a GAN on a folder of recordings."""

import argparse
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from speechgan.utils.errors import SpeechganError

EPILOG = """\
examples:
  speechgan train enhance data.root=DIR run.folder=runs/mine
  speechgan train enhance data.root=DIR run.folder=runs/mine --resume    after Ctrl-C or a crash
  speechgan train convert system=cyclegan_vc data.root=DIR 'data.speakers=[anna,bob]'
  speechgan train enhance --cfg job                                      all settings, as they are

What DIR holds: for enhance speech/ and noise/, or clean/ and noisy/; for convert a folder for each
speaker; for generate recordings named DIGIT_SPEAKER_TAKE below train/. Settings are Hydra's:
group=choice takes a file of conf/, key=value sets one value. The best model so far is in
run.folder/best, for every --model. A folder that holds a run takes --resume or --overwrite.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("task", help="what to train: enhance, convert, generate or vocoder")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="key=value",
        help="settings, such as data.root=DIR system=joint trainer.max_steps=2000",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint in run.folder, if any"
    )
    existing.add_argument(
        "--overwrite", action="store_true", help="begin anew, and replace the run in run.folder"
    )
    parser.add_argument(
        "--config-dir",
        type=Path,
        metavar="DIR",
        help="folder of your own systems, generators and other choices, laid out like conf/",
    )
    parser.add_argument("--cfg", choices=["job"], help="print the composed configuration and stop")


def run(arguments: argparse.Namespace) -> int:
    """Trains; the exit code."""
    from speechgan.training.compose import compose

    complete = not arguments.cfg
    config = compose(arguments.task, arguments.overrides, complete, arguments.config_dir)
    if arguments.cfg:
        from omegaconf import OmegaConf

        print(OmegaConf.to_yaml(config), end="")
        return 0
    from speechgan.training import processes
    from speechgan.training.train import train

    first = processes.number() == 0
    with _show_warnings() if first else contextlib.nullcontext():
        best = train(config, arguments.resume, arguments.overwrite)
    processes.leave()
    if not first:  # the first process prints the result
        return 0 if best else 1
    if not best:
        raise SpeechganError(
            f"{config.run.folder}: no validation gave a finite figure, so no model was kept; lower "
            "the learning rate, or look for broken recordings"
        )
    figures = ", ".join(f"{name} {value:.3f}" for name, value in best.items() if name != "step")
    print(f"{Path(config.run.folder) / 'best'}: step {best['step']:.0f}, {figures}")
    return 0


@contextlib.contextmanager
def _show_warnings() -> Iterator[None]:
    """Writes log messages about the data, such as what is left out, to stderr."""
    handler, logger = logging.StreamHandler(), logging.getLogger("speechgan")
    handler.setFormatter(logging.Formatter("speechgan: %(message)s"))
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
