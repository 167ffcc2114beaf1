"""Weighted terms of closeness to the clean signal."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from speechgan.features.signal import Signal
from speechgan.losses.deep_features import DeepFeatureDistance, ListenerEar, SpeakerEar
from speechgan.losses.envelope import LogLikelihoodRatio
from speechgan.losses.intelligibility import EstoiDistance
from speechgan.losses.perceptual import PesqDistance
from speechgan.losses.terms import (
    ComplexL2,
    Decibels,
    LogMagnitudeL1,
    LogMelL1,
    MagnitudeDistance,
    MultiResolutionStft,
    WaveL1,
)

TERMS: dict[str, Callable[[int], nn.Module]] = {
    "wave": lambda rate: WaveL1(),
    "pre_emphasised_wave": lambda rate: WaveL1(pre_emphasised=True),
    "decibels": lambda rate: Decibels(),
    "magnitude": lambda rate: MagnitudeDistance(),
    "magnitude_l1": lambda rate: MagnitudeDistance(power=1),
    "log_magnitude": lambda rate: LogMagnitudeL1(),
    "complex": lambda rate: ComplexL2(),
    "multi_resolution_stft": lambda rate: MultiResolutionStft(),
    "log_mel": lambda rate: LogMelL1(rate),
    "multi_resolution_mel": lambda rate: LogMelL1(rate, (256, 512, 1024, 2048)),
    "log_likelihood_ratio": lambda rate: LogLikelihoodRatio(),
    "pesq": PesqDistance,
    "estoi": EstoiDistance,
    "listener_features": lambda rate: DeepFeatureDistance(ListenerEar(rate)),
    "speaker_features": lambda rate: DeepFeatureDistance(SpeakerEar(rate)),
}
"""Constructors of the known terms, given the sample rate in hertz."""


class Closeness(nn.Module):
    """A weighted sum of distances to the clean signal, term by term.

    Args:
        sample_rate: of the signals, in hertz.
        weights: by name, the weight of a term of `TERMS`; or, for any other module or other
            settings, a mapping with its `weight` and the module itself as `term`. Terms of weight
            0 are left out.

    Raises:
        ValueError: no such term, or one that is not defined at this sample rate.
    """

    def __init__(self, sample_rate: int = 16000, **weights: float | Mapping[str, Any]) -> None:
        super().__init__()
        self.weights: dict[str, float] = {}
        self.terms = nn.ModuleDict()
        for name, setting in weights.items():
            if isinstance(setting, Mapping):
                weight, term = setting["weight"], setting["term"]
            elif name not in TERMS:
                raise ValueError(f"no closeness term {name!r}; known: {sorted(TERMS)}")
            else:
                weight, term = setting, TERMS[name](sample_rate) if setting else None
            if weight:
                self.weights[name], self.terms[name] = weight, term

    def forward(self, made: Signal, clean: Signal) -> dict[str, Tensor]:
        """The weighted terms, scalars, as `closeness/NAME`.

        In single precision, whatever networks run in, as differences of similar values need it.
        """
        with torch.autocast(made.wave.device.type, enabled=False):
            made, clean = made.float(), clean.float()
            return {
                f"closeness/{name}": self.weights[name] * term(made, clean)
                for name, term in self.terms.items()
            }
