"""Arguments that several commands have, and parsers of values."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from speechgan.utils.errors import SpeechganError


def add_common_arguments(parser: argparse.ArgumentParser, model: str) -> None:
    """Adds the arguments of all commands that process files.

    Args:
        parser: of the command.
        model: name of the default model.
    """
    add = parser.add_argument
    add("-o", "--output", metavar="OUT", help="file, folder, or - for WAV to standard output")
    add(
        "--model",
        default=model,
        metavar="NAME|DIR",
        help=f"a name that `speechgan models` lists, or a model folder (default: {model})",
    )
    add(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where to compute (default: auto)",
    )
    add(
        "--engine",
        choices=["auto", "onnx", "torch"],
        default="auto",
        help="what computes; auto takes onnx, without PyTorch, on the CPU where the model has a "
        "graph (default: auto)",
    )
    add("--threads", type=parse_count, default=1, metavar="N", help="of each job (default: 1)")
    add(
        "--jobs",
        type=parse_count,
        metavar="N",
        help="recordings to work on side by side (default: as many as there are cores)",
    )
    add_cluster_argument(
        parser, "do the work there; files are paths that all workers see, or URLs of s3 and gs"
    )
    add("--overwrite", action="store_true", help="replace outputs that exist")
    add("--json", action="store_true", help="print what was done as JSON")


def model_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The model's settings: arguments of every `from_pretrained`, by name."""
    return {
        "name": arguments.model,
        "device": arguments.device,
        "threads": arguments.threads,
        "engine": arguments.engine,
    }


def refuse_existing(paths: Iterable[Path], overwrite: bool) -> None:
    """Refuses to replace files without `overwrite`.

    Raises:
        SpeechganError: one of them exists.
    """
    for path in paths:
        if path.exists() and not overwrite:
            raise SpeechganError(f"{path}: exists; use --overwrite to replace it")


def add_cluster_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """Adds `--cluster`; `what` completes its help."""
    parser.add_argument(
        "--cluster",
        type=_parse_address,
        metavar="local|auto|ray://HOST:PORT",
        help="a Ray that is started here, found on this machine, or elsewhere (needs the extra "
        f"ray): {what}",
    )


def _parse_address(text: str) -> str:
    if text not in ("local", "auto") and not text.startswith("ray://"):
        raise argparse.ArgumentTypeError(f"{text!r} is not local, auto or ray://HOST:PORT")
    return text


def parse_share(text: str) -> float:
    """A number from 0 to 1 from the command line."""
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return share


def parse_number(text: str, what: str) -> float:
    """A number from 0 from the command line; `what` describes it in the error.

    Raises:
        argparse.ArgumentTypeError: negative, infinite or no number.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")
    return number


def parse_count(text: str) -> int:
    """A whole number from the command line."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def parse_positive(text: str) -> int:
    """A whole number of 1 or more from the command line.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return count
