"""Trained models inside a training: one that goes on, one that teaches, one that judges content."""

import torch
from omegaconf import DictConfig
from torch import Tensor, nn

from speechgan.pretrained.folder import require_task
from speechgan.pretrained.loading import Model, load_model
from speechgan.systems.base import System
from speechgan.utils.errors import SpeechganError


def load_predecessor(config: DictConfig) -> Model | None:
    """The model that `run.fine_tune` names, or None.

    Raises:
        SpeechganError: no such model, or one of another task.
    """
    if not config.run.fine_tune:
        return None
    model = load_model(config.run.fine_tune)
    task = model.config["task"]
    if task != config.task:
        raise SpeechganError(f"run.fine_tune={model.name}: a model for {task}, not {config.task}")
    return model


def start_from_model(system: System, model: Model) -> None:
    """Starts the system's generator from a model.

    Raises:
        SpeechganError: the configured generator is another.
    """
    try:
        system.start_from(model.generator.state_dict())
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise SpeechganError(
            f"run.fine_tune={model.name}: not weights of the configured generator ({reason}); "
            "choose the generator that the model's config.yaml names"
        ) from None


class Teacher:
    """What a trained enhancer makes of a wave; no part of the system, nor of its checkpoints.

    Args:
        model: of the task `enhance`.
    """

    def __init__(self, model: Model) -> None:
        self.features, self.generator = model.features, model.generator

    @torch.no_grad()
    def __call__(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` to the same."""
        network = self.generator.to(wave.device)
        if network.reads == "wave":
            answer: Tensor = network(wave)
            return answer.float()
        features = self.features.to(wave.device)
        enhanced: Tensor = features.inverse(network(features(wave)).float(), wave.shape[-1])
        return enhanced


def load_teacher(model: str | None, sample_rate: int) -> Teacher:
    """The model that `run.teacher` names.

    Raises:
        SpeechganError: none is named, no such model, or one of another task or sample rate.
    """
    if model is None:
        raise SpeechganError("run.teacher is not set; name a model to learn from")
    teacher = load_model(model)
    task, rate = teacher.config["task"], teacher.sample_rate
    if task != "enhance" or rate != sample_rate:
        raise SpeechganError(
            f"run.teacher={model}: a model for {task} at {rate} Hz; name one for enhance at "
            f"{sample_rate} Hz"
        )
    return Teacher(teacher)


def load_embedding(model: str | None) -> nn.Module | None:
    """The generator of a conversion model, whose encoder judges content; None for none.

    Raises:
        SpeechganError: no such model, or one without an encoder.
    """
    if model is None:
        return None
    loaded = load_model(model)
    require_task(loaded.name, loaded.config, "convert")
    generator = loaded.generator
    if not hasattr(generator, "encode"):
        raise SpeechganError(f"run.embedding={model}: has no encoder; name a shared-latent model")
    return generator
