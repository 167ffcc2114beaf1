"""One side of a converted recording, with the data for measures of conversion."""

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from speechgan import audio
from speechgan.evaluation.sounds import SAMPLE_RATE, load, protect
from speechgan.evaluation.speakers import Heard, Speaker
from speechgan.features.voice import Voice
from speechgan.metrics.dnsmos import Dnsmos, dnsmos
from speechgan.metrics.words import recognise, recognise_phones
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.places import File
from speechgan.vocoders.world import WorldVocoder


def load_at_level(path: File) -> np.ndarray:
    """A recording, channels averaged: float32 `(sample,)` at 16 kHz and -26 dBFS.

    Raises:
        SpeechganError: unreadable or damaged.
        UnmeasurableError: silence.
    """
    wave = load(path, mono=True)[0]
    if not wave.any():
        raise UnmeasurableError(f"{path}: silence")
    return audio.bring_to_level(wave)


@dataclass(frozen=True)
class Sound:
    """A recording with its analysis; its wave is read only when a measure needs it.

    Attributes:
        path: the file.
        heard: its analysis.
    """

    path: File
    heard: Heard

    @cached_property
    def wave(self) -> np.ndarray:
        """`(sample,)` at 16 kHz and -26 dBFS."""
        return protect(load_at_level(self.path))

    @cached_property
    def words(self) -> list[str]:
        """The recognised words; may be none."""
        with suppress(UnmeasurableError):
            return recognise(self.wave)
        return []

    @cached_property
    def phones(self) -> list[str]:
        """The recognised phones; may be none."""
        with suppress(UnmeasurableError):
            return recognise_phones(self.wave)
        return []

    @cached_property
    def copy(self) -> Voice:
        """The recording after synthesis by WORLD and a second analysis."""
        world = Heard.make_features(SAMPLE_RATE)
        wave = WorldVocoder(world).synthesise(self.heard.voice, len(self.wave))
        return world.analyse(wave)


@dataclass(frozen=True)
class Trial:
    """One side of a recording; its attributes are the parameters of measures of conversion.

    A recording is never compared with itself: there is no source for the source, and no target for
    the target.

    Attributes:
        judged: the converted recording or, for comparison, the source or the target's reading.
        origin: the source of the conversion, if given.
        reading: the target's reading of the same sentence, if there is one.
        source_speaker: all recordings of the source, without the judged one.
        target_speaker: all recordings of the target, without the judged one.
    """

    judged: Sound
    origin: Sound | None
    reading: Sound | None
    source_speaker: Speaker | None
    target_speaker: Speaker | None
    sample_rate: int = SAMPLE_RATE

    @property
    def converted(self) -> np.ndarray:
        """`(sample,)` at 16 kHz, like the next two."""
        return self.judged.wave

    @property
    def source(self) -> np.ndarray | None:
        """The source's wave; None if the source is judged."""
        return self.origin.wave if self.origin else None

    @property
    def target(self) -> np.ndarray | None:
        """The wave of the target's reading; None if that is judged."""
        return self.reading.wave if self.reading else None

    @property
    def converted_voice(self) -> Voice:
        """WORLD's analysis, like the next two."""
        return self.judged.heard.voice

    @property
    def source_voice(self) -> Voice | None:
        """The source's analysis; None if the source is judged."""
        return self.origin.heard.voice if self.origin else None

    @property
    def target_voice(self) -> Voice | None:
        """The analysis of the target's reading; None if that is judged."""
        return self.reading.heard.voice if self.reading else None

    @property
    def source_copy(self) -> Voice | None:
        """The source's analysis after synthesis without a change."""
        return self.origin.copy if self.origin else None

    @property
    def converted_words(self) -> list[str]:
        """The recognised words."""
        return self.judged.words

    @property
    def source_words(self) -> list[str] | None:
        """The recognised words of the source; None if there are none to compare with."""
        return (self.origin.words if self.origin else None) or None

    @property
    def converted_phones(self) -> list[str]:
        """The recognised phones."""
        return self.judged.phones

    @property
    def source_phones(self) -> list[str] | None:
        """As `source_words`."""
        return (self.origin.phones if self.origin else None) or None

    @property
    def converted_embedding(self) -> np.ndarray:
        """The speaker embedding, `(256,)`."""
        return self.judged.heard.embedding

    @cached_property
    def opinions(self) -> Dnsmos:
        """DNSMOS of the judged recording."""
        return dnsmos(np.clip(self.judged.wave, -1, 1), SAMPLE_RATE)
