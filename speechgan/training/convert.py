"""Training a voice converter, from a composed configuration to a model folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from speechgan.data.conversion.module import OpenVoices
from speechgan.features.statistics import SpeakerStatistics
from speechgan.training.compose import build
from speechgan.training.trainer import SaveBest
from speechgan.training.validation.conversion import ConversionValidation
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.choose import choose_vocoder


@dataclass(frozen=True)
class Predecessor:
    """A model that is trained further.

    Attributes:
        generator: with its weights.
        speakers: statistics of its speakers, in the order of their numbers.
    """

    generator: nn.Module
    speakers: dict[str, SpeakerStatistics]


def train_converter(
    config: DictConfig,
    resume: bool = False,
    release: Callable[[OpenVoices], SaveBest] | None = None,
    predecessor: Predecessor | None = None,
    embedding: nn.Module | None = None,
) -> dict[str, float]:
    """Trains what the configuration says.

    The run's folder receives `config.yaml`, `last.safetensors` (everything to go on from),
    `metrics.jsonl` and TensorBoard events.

    Args:
        config: of `speechgan.training.compose.compose("convert", ...)`.
        resume: go on from the run's folder where it holds a checkpoint.
        release: given the speakers, makes what is called with the system and its figures whenever
            it validates best.
        predecessor: whose weights the generator starts from; new speakers are added to it.
        embedding: pretrained, for systems that keep content by one.

    Returns:
        The best validation's figures.

    Raises:
        SpeechganError: unusable data, or a run that cannot go on.
    """
    torch.manual_seed(config.trainer.seed)
    features, data, trainer = (build(config[part]) for part in ("features", "data", "trainer"))
    voices = data.open(features, predecessor.speakers if predecessor else None)
    size = {"bins": features.bins, "speakers": len(voices.speakers)}
    parts: dict[str, Any] = {"generator": build(config.generator, **size)}
    for name in ("critic", "classifier", "code_critic"):
        if config.get(name):
            extra = (
                {"code": config.generator.code} if name == "code_critic" else {"bins": size["bins"]}
            )
            parts[name] = build(config[name], speakers=size["speakers"], **extra)
    if embedding is not None:
        parts["embedding"] = embedding
    if "emphasis" in config.system:
        parts["deviation"] = np.mean([s.deviation for s in voices.statistics], 0).tolist()
        parts["features"] = features
    system = build(config.system, **parts)
    if predecessor:
        inherit(system.generator, predecessor.generator)
    trainer.folder = Path(trainer.folder)
    trainer.folder.mkdir(parents=True, exist_ok=True)
    (trainer.folder / "config.yaml").write_text(OmegaConf.to_yaml(config))
    return trainer.fit(
        system,
        voices.batches,
        ConversionValidation(
            voices.valid, voices.statistics, choose_vocoder(features), features.hop_length
        ),
        release(voices) if release else None,
        resume=resume,
        start_from=Path(config.run.start_from) if config.run.start_from else None,
    )


def inherit(heir: nn.Module, model: nn.Module) -> None:
    """Puts a model's weights into a network of the same configuration with more speakers.

    What is a row a speaker, such as an embedding, starts for new ones as the mean of the old.

    Raises:
        SpeechganError: networks of another configuration.
    """
    own, given = heir.state_dict(), model.state_dict()
    merged = {}
    for name, weight in own.items():
        old = given.get(name)
        if old is None or old.shape[1:] != weight.shape[1:] or len(old) > len(weight):
            raise SpeechganError(
                f"run.fine_tune: the model has no {name} of the configured shape; choose the "
                "system and generator that its config.yaml names"
            )
        merged[name] = _extend(old, len(weight))
    heir.load_state_dict(merged)


def _extend(rows: Tensor, count: int) -> Tensor:
    if rows.ndim == 0 or len(rows) == count:
        return rows
    new = rows.float().mean(0, keepdim=True).expand(count - len(rows), *rows.shape[1:])
    return torch.cat([rows, new.to(rows)])
