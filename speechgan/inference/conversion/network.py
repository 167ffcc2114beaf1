"""The interface of a converter's model, for any engine."""

from typing import Protocol

import numpy as np

from speechgan.features.voice import VoiceFeatures
from speechgan.pretrained.speakers import TargetSpeaker


class ConversionNetwork(Protocol):
    """A model of the task `convert`.

    Attributes:
        name: that it was loaded by.
        sample_rate: of its training, in Hz.
        features: analysis of recordings, as in its training.
        speakers: in the order of their numbers.
        needs_source: whether it needs the source speaker.
        device: for neural vocoders.
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
