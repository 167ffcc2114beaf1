"""Mono waves of recordings by number, decoded in advance or at each access."""

import copy
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Self

import numpy as np
import soxr

from speechgan import audio
from speechgan.data.manifest import Recording
from speechgan.data.shards.reading import Root, Source
from speechgan.utils.errors import SpeechganError

log = logging.getLogger(__name__)


class Store(ABC):
    """Mono 16-bit waves at one sample rate.

    A recording that cannot be read is left out, and named in a warning.

    Args:
        recordings: what to hold, in this order.
        root: what their paths are relative to.
        sample_rate: in hertz.
        found: of each recording its length in samples, or why it is left out.

    Attributes:
        kept: which of the requested recordings are not left out, `(recording,)` bool.
        recordings: those.
        lengths: of each of them, in samples.

    Raises:
        SpeechganError: none of the recordings can be read.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        root: Root,
        sample_rate: int,
        found: Sequence[int | str],
    ) -> None:
        self.sample_rate = sample_rate
        for problem in dict.fromkeys(x for x in found if isinstance(x, str)):
            log.warning("left out: %s", problem)
        self.kept = np.array([isinstance(x, int) for x in found], dtype=bool)
        self.recordings = [r for r, kept in zip(recordings, self.kept, strict=True) if kept]
        if recordings and not self.recordings:
            what = " ".join(filter(None, (recordings[0].split, recordings[0].role)))
            raise SpeechganError(
                f"{root}: none of the {len(recordings)} {what} recordings can be read; "
                "mend those that are named above, or add others"
            )
        self.lengths = np.array([x for x in found if isinstance(x, int)], dtype=np.int64)

    def __len__(self) -> int:
        return len(self.recordings)

    def __getitem__(self, index: int) -> np.ndarray:
        """One whole recording, `(sample,)` float32 in [-1, 1]."""
        return self.crop(index, 0, int(self.lengths[index]))

    def crop(self, index: int, start: int, samples: int) -> np.ndarray:
        """Part of a recording, shorter if the recording ends earlier.

        Raises:
            SpeechganError: it can no longer be read.
        """
        count = max(0, min(samples, int(self.lengths[index]) - start))
        return self._read(index, start, count).astype(np.float32) / 32768

    @abstractmethod
    def _read(self, index: int, start: int, count: int) -> np.ndarray:
        """A range of samples within the recording, `(sample,)` int16."""

    def select(self, chosen: np.ndarray) -> Self:
        """The same store with some of its recordings only, by a mask `(recording,)` bool."""
        other = copy.copy(self)
        other.recordings = [r for r, wanted in zip(self.recordings, chosen, strict=True) if wanted]
        other.lengths = self.lengths[chosen]
        return other


def decode(source: Source, sample_rate: int) -> np.ndarray:
    """A whole recording, `(sample,)` int16, its channels averaged, resampled.

    Raises:
        SpeechganError: it cannot be read, or has no sample at this rate.
    """
    wave, rate = audio.read(source)
    mono = wave.mean(0)
    if rate != sample_rate:
        mono = soxr.resample(mono, rate, sample_rate)
    if not len(mono):
        raise SpeechganError(f"{source}: shorter than a sample at {sample_rate} Hz; leave it out")
    return round_samples(mono)


def round_samples(mono: np.ndarray) -> np.ndarray:
    """`(sample,)` in [-1, 1] as int16."""
    return np.clip(np.round(mono * 32768), -32768, 32767).astype(np.int16)
