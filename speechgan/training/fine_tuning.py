"""Trained models inside a training: one that is trained further, one that judges content."""

from omegaconf import DictConfig
from torch import nn

from speechgan.pretrained.loading import Model, load_converter, load_model
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


def load_embedding(model: str | None) -> nn.Module | None:
    """The generator of a conversion model, whose encoder judges content; None for none.

    Raises:
        SpeechganError: no such model, or one without an encoder.
    """
    if model is None:
        return None
    generator = load_converter(model).generator
    if not hasattr(generator, "encode"):
        raise SpeechganError(f"run.embedding={model}: has no encoder; name a shared-latent model")
    return generator
