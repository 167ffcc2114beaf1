"""Chooses a vocoder that fits the features."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.vocoders.base import Vocoder

VOCODERS = {
    "world": ("speechgan.vocoders.world", "WorldVocoder"),
    "difference": ("speechgan.vocoders.difference", "SpectralDifference"),
    "griffin_lim": ("speechgan.vocoders.griffin_lim", "GriffinLim"),
}
"""Modules and classes by name; each is imported when it is needed, as some need PyTorch."""
NEURAL = "neural"
"""The trained one, which `speechgan.inference.vocoders` loads."""
NAMES = (*VOCODERS, NEURAL)


def choose_vocoder(features: Any, name: str = "auto") -> "Vocoder":
    """A vocoder that needs no training, for voices analysed by the given features.

    Args:
        features: of the analysis; their attribute `vocoders` names those that fit, the best first.
        name: one of `VOCODERS`, or `auto` for the best that fits.

    Raises:
        SpeechganError: no such vocoder, or one that does not fit.
    """
    fitting = [known for known in features.vocoders if known in VOCODERS]
    if name == "auto":
        name = fitting[0]
    if name not in fitting:
        raise SpeechganError(
            f"vocoder {name}: does not fit the model's {type(features).__name__} features; "
            f"choose from auto, {', '.join(fitting)}"
        )
    module, kind = VOCODERS[name]
    vocoder: Vocoder = getattr(import_module(module), kind)(features)
    return vocoder
