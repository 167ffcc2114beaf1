"""What a converter needs of a model, whichever library computes it."""

from typing import Protocol

import numpy as np

from speechgan.features.voice import VoiceFeatures
from speechgan.pretrained.speakers import TargetSpeaker


class ConversionNetwork(Protocol):
    """A model of the task `convert`.

    Attributes:
        name: what it was loaded as.
        sample_rate: that it was trained at, in Hz.
        features: take recordings apart as it was trained on.
        speakers: in the order of their numbers.
        needs_source: whether it must be told who speaks.
        device: of neural vocoders beside it.
    """

    name: str
    sample_rate: int
    features: VoiceFeatures
    speakers: tuple[TargetSpeaker, ...]
    needs_source: bool
    device: str

    def convert_image(self, image: np.ndarray, target: int, source: int | None) -> np.ndarray:
        """A normalised image to the target's; see `speechgan.features.conversion`."""
        ...
