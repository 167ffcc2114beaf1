"""A voice in another speaker's colour and pitch, whatever network converts its image."""

from collections.abc import Callable

import numpy as np

from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice

ConvertImage = Callable[[np.ndarray, int, int | None], np.ndarray]
"""A normalised image `(bin, frame)` float32 and the numbers of target and source (None for a
stranger) to the target's, alike."""


def convert_voice(
    convert_image: ConvertImage,
    voice: Voice,
    source: SpeakerStatistics,
    target: SpeakerStatistics,
    numbers: tuple[int, int | None],
    semitones: float = 0.0,
) -> Voice:
    """What the source said, in the target's voice.

    The image is normalised by the source's statistics, converted, and given the target's. Of a
    voice with F0, whose image is a mel-cepstrum, the first coefficient stays the source's: how loud
    something is said is not the speaker's, and silence stays silence. F0 is converted by
    log-Gaussian normalisation.

    Args:
        convert_image: the network.
        voice: what the source said.
        source, target: what is usual for them.
        numbers: of target and source among the network's speakers; the source is None for a
            stranger.
        semitones: added to the pitch.

    Raises:
        ValueError: the network must know its source, and that is a stranger.
    """
    image = source.normalise(voice.image).astype(np.float32)
    converted = target.denormalise(convert_image(image, *numbers))
    if voice.f0 is None:
        return voice.with_image(converted)
    converted[0] = voice.image[0]
    return voice.with_image(converted).with_f0(source.convert_f0(voice.f0, target, semitones))
