"""Loads vocoders by name, including the trained one."""

from typing import Any

from speechgan.pretrained.folder import list_models
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.base import Vocoder
from speechgan.vocoders.choose import NEURAL, choose_vocoder

SHIPPED = "vocoder"


def load_vocoder(features: Any, name: str = "auto", device: Any = "cpu") -> Vocoder:
    """A vocoder for voices analysed by the given features.

    Args:
        features: `World` or `MelVoice`.
        name: as of `choose_vocoder`, or `neural`: the packaged trained one, which `auto` chooses
            if it fits.
        device: of the neural one.

    Raises:
        SpeechganError: no such vocoder, or one that does not fit.
    """
    if name in ("auto", NEURAL) and NEURAL in features.vocoders:
        neural = _load_neural(features, device)
        if neural is not None:
            return neural
    if name == NEURAL:
        raise SpeechganError(
            "vocoder neural: none ships that fits the model's features; choose auto"
        )
    return choose_vocoder(features, name)


def _load_neural(features: Any, device: Any) -> Vocoder | None:
    """The packaged neural vocoder, if it was trained on images with the same settings."""
    if SHIPPED not in list_models():
        return None
    from speechgan.pretrained.loading import load_model
    from speechgan.vocoders.neural import NeuralVocoder

    model = load_model(SHIPPED, device)
    if model.features.settings != features.settings:
        return None
    generator: Any = model.generator
    return NeuralVocoder(features, generator)
