"""Which vocoder fits which features."""

from typing import Any

from speechgan.features.mel import MelVoice
from speechgan.features.world import World
from speechgan.utils.errors import SpeechganError
from speechgan.vocoders.base import Vocoder
from speechgan.vocoders.difference import SpectralDifference
from speechgan.vocoders.griffin_lim import GriffinLim
from speechgan.vocoders.world import WorldVocoder


def choose_vocoder(features: Any, name: str = "auto") -> Vocoder:
    """A vocoder for voices that these features have analysed.

    Args:
        features: `World` or `MelVoice`.
        name: `auto` for the best that fits, `world`, `difference` or `griffin_lim`.

    Raises:
        SpeechganError: no such vocoder, or one that does not fit.
    """
    if isinstance(features, World):
        fitting: dict[str, Any] = {"world": WorldVocoder, "difference": SpectralDifference}
    elif isinstance(features, MelVoice):
        fitting = {"griffin_lim": GriffinLim}
    else:
        raise SpeechganError(f"{type(features).__name__}: no vocoder for these features")
    if name == "auto":
        name = next(iter(fitting))
    if name not in fitting:
        raise SpeechganError(
            f"vocoder {name}: does not fit the model's {type(features).__name__} features; "
            f"choose from auto, {', '.join(fitting)}"
        )
    vocoder: Vocoder = fitting[name](features)
    return vocoder
