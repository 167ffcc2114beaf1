"""Conversion of a voice's timbre and pitch, for any network that converts its image."""

from collections.abc import Callable

import numpy as np

from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice

ConvertImage = Callable[[np.ndarray, int, int | None], np.ndarray]
"""From a normalised image `(bin, frame)` float32 and the numbers of target and source (None for an
unknown speaker) to the target's image, of the same shape and type."""


def convert_voice(
    convert_image: ConvertImage,
    voice: Voice,
    source: SpeakerStatistics,
    target: SpeakerStatistics,
    numbers: tuple[int, int | None],
    semitones: float = 0.0,
) -> Voice:
    """The source's speech in the target's voice.

    The image is normalised by the source's statistics, converted, and denormalised by the target's.
    Where the voice has F0, its image is a mel-cepstrum, and the first coefficient stays the
    source's: it is the loudness, which does not depend on the speaker, and silence stays silence.
    F0 is converted by log-Gaussian normalisation.

    Args:
        convert_image: the network.
        voice: the source's speech.
        source, target: their statistics.
        numbers: of target and source among the network's speakers; the source is None where
            unknown.
        semitones: added to the pitch.

    Raises:
        ValueError: the network needs its source, and that is unknown.
    """
    image = source.normalise(voice.image).astype(np.float32)
    converted = target.denormalise(convert_image(image, *numbers))
    if voice.f0 is None:
        return voice.with_image(converted)
    converted[0] = voice.image[0]
    return voice.with_image(converted).with_f0(source.convert_f0(voice.f0, target, semitones))
