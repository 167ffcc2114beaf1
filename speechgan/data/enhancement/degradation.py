"""The settings of how speech is made noisy and damaged."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Degradation:
    """How speech is made noisy; each chance is per item of a batch.

    What is lost on the noisy side alone is there to be invented by who restores; an enhancer, which
    is not to invent, is better taught by the losses of both sides.

    Attributes:
        snr_db: least and greatest signal-to-noise ratio.
        level_dbfs: least and greatest peak level of the noisy wave.
        speed: least and greatest factor on speed, pitch and formants together.
        formant: chance that the formants are changed by themselves.
        formants: least and greatest factor on them.
        second_noise: chance of a second recording on top of the first.
        noise_speed: least and greatest factor on the speed and pitch of a noise recording.
        noise_reversed: chance that it runs backwards.
        noise_equalise: chance that it gets a spectral shape of its own, of up to 12 dB.
        babble: chance that the noise is several other voices.
        coloured: chance that the noise is Gaussian with a random spectral slope.
        gap: chance of silence before or after the speech.
        speechless: chance that there is no speech at all.
        noiseless: chance that the noise is hardly there, 40 dB below the speech.
        room: chance of a simulated room around the speech; the clean side keeps the direct sound
            and the first `early_seconds` of reflections.
        early_seconds: of those reflections.
        band_limit: chance that the whole recording, clean side too, loses its upper band.
        equalise: chance of a random smooth spectral tilt on the whole recording.
        clip: chance that the noisy side is clipped, at 10 to 90 % of its peak.
        codec: chance that the noisy side goes through a codec of
            `speechgan.data.enhancement.codecs`; of a telephone's, the clean side keeps the band
            alone.
        band_loss: chance that the noisy side alone loses a band, see `damage.lose_band`.
        codec_loss: the same as `codec`, but that the clean side keeps its whole band.
        packet_loss: chance of gaps in the noisy side alone, see `damage.conceal_packets`.
        clip_loss: chance that the noisy side is clipped as by `clip`, and made anew as far as it
            can be without a network, see `damage.conceal_clipping`.

    Raises:
        ValueError: a chance that is not from 0 to 1, or a range whose least is above its greatest.
    """

    snr_db: Range = (-5.0, 20.0)
    level_dbfs: Range = (-45.0, 0.0)
    speed: Range = (0.88, 1.14)
    formant: float = 0.3
    formants: Range = (0.88, 1.14)
    second_noise: float = 0.25
    noise_speed: Range = (0.8, 1.5)
    noise_reversed: float = 0.2
    noise_equalise: float = 0.5
    babble: float = 0.05
    coloured: float = 0.08
    gap: float = 0.15
    speechless: float = 0.01
    noiseless: float = 0.03
    room: float = 0.12
    early_seconds: float = 0.05
    band_limit: float = 0.05
    equalise: float = 0.2
    clip: float = 0.07
    codec: float = 0.04
    band_loss: float = 0.0
    codec_loss: float = 0.0
    packet_loss: float = 0.0
    clip_loss: float = 0.0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, Sequence):
                if len(value) != 2 or not value[0] <= value[1]:
                    raise ValueError(
                        f"data.degradation.{name}={list(value)}: must be a least and a greatest"
                    )
            elif name != "early_seconds" and not 0 <= value <= 1:
                raise ValueError(f"data.degradation.{name}={value}: must be from 0 to 1")

    def befalls(self, name: str, rng: np.random.Generator, items: int) -> np.ndarray:
        """Whether what has the chance of that name befalls each of so many items, `(item, 1)`."""
        chosen: np.ndarray = rng.random((items, 1)) < getattr(self, name)
        return chosen

    def draw(self, name: str, rng: np.random.Generator, items: int) -> np.ndarray:
        """From the range of that name, for each of so many items, `(item, 1)`."""
        least, greatest = getattr(self, name)
        return rng.uniform(least, greatest, (items, 1))
