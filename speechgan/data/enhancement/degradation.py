"""Settings of noise and degradations."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Degradation:
    """How speech is made noisy; each chance is per item of a batch.

    What only the noisy side loses is for restoration, which has to generate it. An enhancer should
    not generate anything, and is better trained by losses of both sides.

    Attributes:
        snr_db: least and greatest signal-to-noise ratio.
        level_dbfs: least and greatest peak level of the noisy wave.
        speed: least and greatest factor on speed, pitch and formants together.
        formant: chance that the formants alone are changed.
        formants: least and greatest factor on them.
        second_noise: chance of a second noise recording added to the first.
        noise_speed: least and greatest factor on the speed and pitch of a noise recording.
        noise_reversed: chance that it is reversed in time.
        noise_equalise: chance of a random spectral shape of it, of up to 12 dB.
        babble: chance that the noise is several other voices.
        coloured: chance that the noise is Gaussian with a random spectral slope.
        gap: chance of silence before or after the speech.
        speechless: chance that there is no speech at all.
        noiseless: chance that the noise is 40 dB below the speech.
        room: chance of simulated reverberation of the speech; the clean side keeps the direct sound
            and the first `early_seconds` of reflections.
        early_seconds: of those reflections.
        band_limit: chance that the whole recording, clean side too, loses its upper band.
        equalise: chance of a random smooth spectral tilt on the whole recording.
        clip: chance that the noisy side is clipped, at 10 to 90 % of its peak.
        codec: chance that the noisy side goes through a codec of
            `speechgan.data.enhancement.codecs`; the clean side is limited to a telephone codec's
            band.
        band_loss: chance that the noisy side alone loses a band, see `damage.lose_band`.
        codec_loss: like `codec`, but the clean side keeps its whole band.
        packet_loss: chance of gaps in the noisy side alone, see `damage.conceal_packets`.
        clip_loss: chance that the noisy side is clipped as by `clip`, and declipped without a
            network, see `damage.conceal_clipping`.

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
        """Draws to which of so many items the degradation of that name applies, `(item, 1)`."""
        chosen: np.ndarray = rng.random((items, 1)) < getattr(self, name)
        return chosen

    def draw(self, name: str, rng: np.random.Generator, items: int) -> np.ndarray:
        """Draws from the range of that name, for each of so many items, `(item, 1)`."""
        least, greatest = getattr(self, name)
        return rng.uniform(least, greatest, (items, 1))
