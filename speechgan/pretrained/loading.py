"""Loads and saves model folders with PyTorch."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn
from torch.overrides import TorchFunctionMode

from speechgan.pretrained.build import build_part
from speechgan.pretrained.folder import (
    CARD,
    CONFIG,
    WEIGHTS,
    find_model,
    load_card,
    load_config,
)
from speechgan.pretrained.moved import rename_generator_weights
from speechgan.pretrained.speakers import TargetSpeaker, load_speakers
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import replace_folder


@dataclass(frozen=True)
class Model:
    """A trained generator with its features and metadata.

    Attributes:
        name: that it was loaded by.
        config: as in `config.yaml`: task, sample_rate, features, generator.
        sample_rate: of the generator's training, in Hz.
        features: wave to image and back, see `speechgan.features`.
        generator: in evaluation mode.
        card: Markdown text: data, licence, scores, the command that made it.
        speakers: of a model of the task `convert`, in the order of their numbers.
    """

    name: str
    config: dict[str, Any]
    sample_rate: int
    features: Any
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
    """Writes a model folder, whole or not at all; an existing one is replaced.

    Args:
        folder: target.
        config: task, sample_rate, features and generator, the latter two with `_target_`.
        generator: as built from `config["generator"]`, with the weights to save.
        card: Markdown text.
        others: texts of further files, by name.

    Raises:
        SpeechganError: it cannot be written; an existing folder stays.
    """
    # Copies, as safetensors refuses weights that share memory.
    weights = {
        name: weight.detach().to("cpu", copy=True).contiguous()
        for name, weight in generator.state_dict().items()
    }
    texts = {CONFIG: yaml.safe_dump(config, sort_keys=False), CARD: card, **(others or {})}
    with replace_folder(folder) as beside:
        # safetensors' own function makes a file that only its owner can read.
        (beside / WEIGHTS).write_bytes(save(weights))
        for name, text in texts.items():
            (beside / name).write_text(text, encoding="utf-8")


def load_model(name: str | os.PathLike[str], device: str | torch.device = "cpu") -> Model:
    """Loads a model folder, or a shipped model by its name.

    Args:
        name: see `speechgan.pretrained.folder.find_model`.
        device: see `choose_device`.

    Raises:
        SpeechganError: no such model, a damaged or foreign one, no such device.
    """
    folder = find_model(name)
    config = load_config(folder)
    device = choose_device(device)
    generator = _load_generator(folder, config)
    features = build_part(folder, config, "features")
    if isinstance(features, nn.Module):
        features = features.to(device).eval()
    return Model(
        name=str(name),
        config=config,
        sample_rate=config["sample_rate"],
        features=features,
        generator=generator.to(device).eval(),
        card=load_card(folder),
        speakers=tuple(load_speakers(folder)) if config["task"] == "convert" else (),
    )


def choose_device(device: str | torch.device) -> torch.device:
    """The device of a name; "auto" is CUDA if available, otherwise the CPU.

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
    try:
        torch.zeros(1, device=chosen).item()
    except (RuntimeError, AssertionError, ImportError):  # each kind of device has its own
        raise SpeechganError(f"device {device}: PyTorch cannot use it here; use cpu") from None
    return chosen


class _Uninitialised(TorchFunctionMode):
    """Skips the initialisation of weights.

    Weights on the device `meta` have no values, and their random initialisation makes PyTorch
    import its compiler, which takes a second and 100 MB.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def _load_generator(folder: Path, config: Mapping[str, Any]) -> nn.Module:
    """The generator with its weights; shapes are compared before any memory is allocated."""
    path = folder / WEIGHTS
    with torch.device("meta"), _Uninitialised():
        outline = build_part(folder, config, "generator")
    if not isinstance(outline, nn.Module):
        raise SpeechganError(f"{folder / CONFIG}: generator: is not a network; get the model anew")
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            found = {name: tuple(file.get_slice(name).get_shape()) for name in names}
    except (OSError, SafetensorError) as error:
        raise SpeechganError(f"{path}: unreadable ({error}); get the model anew") from None
    expected = {name: tuple(weight.shape) for name, weight in outline.state_dict().items()}
    found = rename_generator_weights(found, expected)
    if found != expected:
        names = sorted(found.items() ^ expected.items())
        raise SpeechganError(
            f"{path}: not the weights of {CONFIG} ({names[0][0]} differs); get the model anew"
        )
    generator: nn.Module = build_part(folder, config, "generator")
    generator.load_state_dict(rename_generator_weights(load_file(path), expected))
    return generator
