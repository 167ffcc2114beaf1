"""Models built from their folders, for PyTorch."""

import importlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from speechgan.pretrained.folder import (
    CARD,
    CONFIG,
    WEIGHTS,
    find_model,
    load_card,
    load_config,
)
from speechgan.pretrained.speakers import TargetSpeaker, load_speakers
from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class Model:
    """A trained generator with what it needs around it.

    Attributes:
        name: what it was loaded as.
        config: as in `config.yaml`: task, sample_rate, features, generator.
        sample_rate: that the generator was trained at, in Hz.
        features: wave to image and back, see `speechgan.features`.
        generator: in evaluation mode.
        card: Markdown text: data, licence, scores, the command that made it.
        speakers: of a model of the task `convert`, in the order of their numbers.
    """

    name: str
    config: dict[str, Any]
    sample_rate: int
    features: nn.Module
    generator: nn.Module
    card: str
    speakers: tuple[TargetSpeaker, ...] = ()


def save_model(
    folder: str | os.PathLike[str],
    config: dict[str, Any],
    generator: nn.Module,
    card: str,
    others: Mapping[str, str] | None = None,
) -> None:
    """Writes a model folder, whole or not at all; replaces one that stands there.

    Args:
        folder: where to.
        config: task, sample_rate, features and generator, the latter two with `_target_`.
        generator: what `config["generator"]` builds, with the weights to keep.
        card: Markdown text.
        others: texts of further files, by name.

    Raises:
        SpeechganError: it cannot be written; what stood there stands there still.
    """
    folder = Path(folder)
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    before = folder.with_name(f".{folder.name}.{os.getpid()}.before")
    # Weights that share memory would be refused: each is stored by itself.
    weights = {
        name: weight.detach().to("cpu", copy=True).contiguous()
        for name, weight in generator.state_dict().items()
    }
    try:
        beside.mkdir(parents=True)
        # safetensors' own writing lets nobody but the owner read the file.
        (beside / WEIGHTS).write_bytes(save(weights))
        (beside / CONFIG).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        for name, text in {CARD: card, **(others or {})}.items():
            (beside / name).write_text(text, encoding="utf-8")
        if folder.exists():
            # A folder cannot take the place of another in one step; the old one is kept until
            # the new one stands.
            os.replace(folder, before)
        try:
            os.replace(beside, folder)
        except OSError:
            if before.exists():
                os.replace(before, folder)
            raise
    except (OSError, SafetensorError) as error:
        raise SpeechganError(
            f"{folder}: the model cannot be written ({error}); free some space or choose another "
            "folder"
        ) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)


def load_model(name: str | os.PathLike[str], device: str | torch.device = "cpu") -> Model:
    """A model folder, or a model that ships with speechgan, by its name.

    Args:
        name: path of a folder, or one of `list_models()`.
        device: see `choose_device`.

    Raises:
        SpeechganError: no such model, a damaged or foreign one, no such device.
    """
    folder = find_model(name)
    config = load_config(folder)
    device = choose_device(device)
    generator = _build(folder, config, "generator")
    _load_weights(folder, generator)
    return Model(
        name=str(name),
        config=config,
        sample_rate=config["sample_rate"],
        features=_build(folder, config, "features").to(device).eval(),
        generator=generator.to(device).eval(),
        card=load_card(folder),
        speakers=tuple(load_speakers(folder)) if config["task"] == "convert" else (),
    )


def load_converter(name: str | os.PathLike[str], device: str | torch.device = "cpu") -> Model:
    """As `load_model`, of the task `convert` only.

    Raises:
        SpeechganError: as `load_model`, or a model of another task.
    """
    model = load_model(name, device)
    if model.config["task"] != "convert":
        raise SpeechganError(
            f"{name}: a model for the task {model.config['task']}, not convert; choose another"
        )
    return model


def choose_device(device: str | torch.device) -> torch.device:
    """The device of a name; "auto" is CUDA where there is one, otherwise the CPU.

    Raises:
        SpeechganError: no such device here.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise SpeechganError(f"device {device}: unknown; use auto, cpu or cuda") from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise SpeechganError(f"device {device}: PyTorch finds no CUDA device here; use cpu")
    return chosen


def _build(folder: Path, config: dict[str, Any], part: str) -> nn.Module:
    """The module that `config[part]` names; only classes of this package are built."""
    arguments = {
        name: _build(folder, config[part], name)
        if isinstance(value, Mapping) and "_target_" in value
        else value
        for name, value in config[part].items()
    }
    target = arguments.pop("_target_", None)
    where = f"{folder / CONFIG}: {part}"
    if not isinstance(target, str) or not target.startswith("speechgan."):
        raise SpeechganError(f"{where}: _target_ {target} is not a class of speechgan")
    module, _, name = target.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        raise SpeechganError(
            f"{where}: this speechgan has no {target}; install the version that made the model"
        ) from None
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise SpeechganError(f"{where}: {target} is not a network")
    try:
        return kind(**arguments)
    except (TypeError, ValueError, RuntimeError) as error:
        raise SpeechganError(f"{where}: {target} cannot be built from this ({error})") from None


def _load_weights(folder: Path, generator: nn.Module) -> None:
    path = folder / WEIGHTS
    try:
        generator.load_state_dict(load_file(path))
    except (OSError, SafetensorError) as error:
        raise SpeechganError(f"{path}: unreadable ({error}); get the model anew") from None
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:300]
        raise SpeechganError(f"{path}: not the weights of {CONFIG} ({problem})") from None
