"""Vocoders by name, of those that ship with weights too."""

from typing import Any

from speechgan.features.mel import MelVoice
from speechgan.pretrained.folder import list_models
from speechgan.pretrained.loading import load_model
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.base import Vocoder
from speechgan.vocoders.choose import choose_vocoder
from speechgan.vocoders.neural import NeuralVocoder

SHIPPED = "vocoder"


def load_vocoder(features: Any, name: str = "auto", device: Any = "cpu") -> Vocoder:
    """A vocoder for voices that these features have analysed.

    Args:
        features: `World` or `MelVoice`.
        name: as of `choose_vocoder`, or `neural`: the trained one that ships, which `auto` takes
            wherever it fits.
        device: of the neural one.

    Raises:
        SpeechganError: no such vocoder, or one that does not fit.
    """
    neural = _load_neural(features, device) if name in ("auto", "neural") else None
    if neural is not None:
        return neural
    if name == "neural":
        raise SpeechganError(
            "vocoder neural: none ships that fits the model's features; choose auto"
        )
    return choose_vocoder(features, name)


def _load_neural(features: Any, device: Any) -> NeuralVocoder | None:
    """The one that ships, if it was trained on images like these."""
    if not isinstance(features, MelVoice) or SHIPPED not in list_models():
        return None
    model = load_model(SHIPPED, device)
    trained: Any = model.features
    if trained.settings != features.settings:
        return None
    generator: Any = model.generator
    return NeuralVocoder(features, generator)
