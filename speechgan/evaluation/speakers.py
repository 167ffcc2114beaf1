"""Analysed recordings, and statistics of a speaker over all recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.metrics.conversion import modulation_spectrum
from speechgan.metrics.speaker import embed_windows, mean_embedding
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.places import File


@dataclass(frozen=True)
class Heard:
    """The analysis of a recording.

    Attributes:
        voice: by WORLD.
        windows: speaker embeddings of 1.6 s each, `(window, 256)`, of length 1.
    """

    voice: Voice
    windows: np.ndarray

    @cached_property
    def embedding(self) -> np.ndarray:
        """The speaker embedding, `(256,)`, of length 1."""
        return mean_embedding(list(self.windows))

    @classmethod
    def analyse(cls, wave: np.ndarray, sample_rate: int) -> "Heard":
        """Analyses `(sample,)` at 16 kHz.

        Raises:
            UnmeasurableError: no speech in it.
        """
        return cls(cls.make_features(sample_rate).analyse(wave), embed_windows(wave))

    @staticmethod
    def make_features(sample_rate: int) -> World:
        """The features of the analysis."""
        return World(sample_rate, f0="harvest")


@dataclass(frozen=True)
class Speaker:
    """Statistics of all recordings of a speaker.

    Attributes:
        modulation: mean modulation spectrum, `(modulation frequency, coefficient)`, in dB.
        log_f0: mean of log F0 over all voiced frames; NaN if there are none.
        embeddings: of each recording; after `without`, only the mean of the others.
    """

    modulation: np.ndarray
    log_f0: float
    embeddings: Mapping[File, np.ndarray]

    @classmethod
    def describe(cls, recordings: Mapping[File, Heard]) -> "Speaker | None":
        """The statistics of recordings; None without any."""
        if not recordings:
            return None
        voices = [heard.voice for heard in recordings.values()]
        try:
            log_f0 = mean_log_f0(voices)
        except UnmeasurableError:
            log_f0 = float("nan")
        modulation = np.mean([modulation_spectrum(voice) for voice in voices], 0)
        return cls(modulation, log_f0, {path: h.embedding for path, h in recordings.items()})

    def without(self, path: File) -> "Speaker":
        """The speaker with the embeddings of all recordings but one, for comparison with that one.

        Only their mean is kept, as every recording's worker gets such a speaker.
        """
        others = [e for other, e in self.embeddings.items() if other != path]
        return replace(self, embeddings={Path(): mean_embedding(others)} if others else {})

    def similarity(self, embedding: np.ndarray) -> float:
        """Cosine to the mean of the embeddings.

        Raises:
            UnmeasurableError: there are none.
        """
        if not self.embeddings:
            raise UnmeasurableError("there is no other recording of the speaker")
        return float(embedding @ mean_embedding(list(self.embeddings.values())))


def mean_log_f0(voices: Sequence[Voice]) -> float:
    """Mean of log F0, in Hz, over all voiced frames.

    Raises:
        UnmeasurableError: no voiced frame.
    """
    voiced = [v.f0[v.f0 > 0].astype(np.float64) for v in voices if v.f0 is not None]
    f0 = np.concatenate(voiced)
    if not len(f0):
        raise UnmeasurableError("has no voiced frame")
    return float(np.log(f0).mean())
