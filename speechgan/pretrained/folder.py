"""Model folders: configuration, weights, and a card with the model's origin."""

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from speechgan.audio.reading import HIGHEST_RATE, LOWEST_RATE
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

SHIPPED = Path(__file__).parent.parent / "weights"
LARGEST_HEADER = 100_000_000
"""Longest header of a safetensors file that the format allows, in bytes."""
COUNTED = ("running_mean", "running_var", "num_batches_tracked")
CONFIG, WEIGHTS, CARD = "config.yaml", "model.safetensors", "card.md"
ONNX, BLOCKS = "model.onnx", "blocks.onnx"
"""Graphs of models that run without PyTorch as well; see `speechgan.inference.export`."""


def list_models() -> list[str]:
    """Names of the models that ship with speechgan."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CONFIG}"))


def find_model(name: str | os.PathLike[str]) -> Path:
    """The folder of a model.

    Args:
        name: path of a model folder, one of `list_models()`, or a model on the Hugging Face hub,
            `owner/model` or `owner/model@revision`; see `speechgan.pretrained.hub.fetch_model`.

    Raises:
        SpeechganError: none of them, or it cannot be fetched.
    """
    path = Path(name)
    best = path / "best"
    # Unlike a Path's own, these return False for names that are too long.
    is_file, is_folder = os.path.isfile, os.path.isdir
    if is_file(best / CONFIG) and not is_file(path / WEIGHTS):
        raise SpeechganError(f"{name}: the folder of a training; its model is {best}")
    if is_file(path / CONFIG):
        return path
    if str(name) in list_models():
        return SHIPPED / str(name)
    known = ", ".join(list_models()) or "none"
    if is_file(path):
        raise SpeechganError(f"{name}: a file; name the model folder that it lies in")
    if is_folder(path):
        raise SpeechganError(f"{name}: holds no {CONFIG}, so it is not a model; known: {known}")
    from speechgan.pretrained.hub import fetch_model, is_place

    if is_place(str(name)):
        return fetch_model(str(name))
    like = suggest(str(name), list_models())
    raise SpeechganError(f"{name}: no such model{like}; name a model folder or one of: {known}")


def load_config(folder: Path) -> dict[str, Any]:
    """A model folder's configuration.

    Raises:
        SpeechganError: unreadable, or without a key that a model needs.
    """
    path = folder / CONFIG
    try:
        config = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, RecursionError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise SpeechganError(f"{path}: unreadable ({problem}); get the model anew") from None
    if not isinstance(config, dict):
        raise SpeechganError(f"{path}: not a model's configuration; get the model anew")
    for key, kind in {"task": str, "sample_rate": int, "features": dict, "generator": dict}.items():
        if not isinstance(config.get(key), kind):
            raise SpeechganError(f"{path}: lacks a valid {key}; get the model anew")
    if type(config.get("shifts", 1)) is not int:
        raise SpeechganError(f"{path}: shifts must be a whole number; get the model anew")
    if not LOWEST_RATE <= config["sample_rate"] <= HIGHEST_RATE:
        raise SpeechganError(
            f"{path}: sample_rate must be {LOWEST_RATE} to {HIGHEST_RATE}; get the model anew"
        )
    return config


def require_task(name: str | os.PathLike[str], config: Mapping[str, Any], task: str) -> None:
    """Checks the task of a model.

    Args:
        name: of the model, for the message.
        config: of `load_config`.
        task: required, such as `enhance`.

    Raises:
        SpeechganError: it is of another task.
    """
    if config["task"] != task:
        raise SpeechganError(
            f"{name}: a model for the task {config['task']}, not {task}; choose another"
        )


def load_card(folder: Path) -> str:
    """A model folder's card, Markdown.

    Raises:
        SpeechganError: missing or unreadable.
    """
    path = folder / CARD
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpeechganError(f"{path}: unreadable ({error}); get the model anew") from None


def load_summary(folder: Path) -> str:
    """The first paragraph of a model folder's card, in one line; empty if there is none.

    Raises:
        SpeechganError: missing or unreadable.
    """
    paragraphs = re.split(r"\n\s*\n", load_card(folder))
    prose = (" ".join(text.split()) for text in paragraphs if not text.lstrip().startswith("#"))
    return next(filter(None, prose), "")


def count_weights(folder: Path) -> int:
    """The number of a model folder's weights, without the running statistics of normalisation.

    Raises:
        SpeechganError: not a safetensors file.
    """
    path = folder / WEIGHTS
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(length, LARGEST_HEADER)))
        header.pop("__metadata__", None)
        shapes = [part["shape"] for name, part in header.items() if not name.endswith(COUNTED)]
        return sum(math.prod(shape) for shape in shapes)
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(f"{path}: unreadable ({reason}); get the model anew") from None
