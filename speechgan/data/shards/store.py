"""Waves of recordings in shards, read at each access."""

from collections.abc import Sequence

import numpy as np

from speechgan import audio
from speechgan.data.manifest import Recording
from speechgan.data.shards.reading import Shards
from speechgan.data.stores import Store, decode, round_samples
from speechgan.utils.errors import SpeechganError


class ShardStore(Store):
    """The same samples as of `WaveStore`, without a decoded file.

    Lengths are those of the index, so that nothing is read in advance. A recording of another rate
    is resampled as a whole each time, as only that gives the same samples.

    Args:
        recordings: what to hold, in this order.
        shards: where they are.
        sample_rate: in hertz.

    Raises:
        SpeechganError: none of the recordings can be read.
    """

    def __init__(self, recordings: Sequence[Recording], shards: Shards, sample_rate: int) -> None:
        self.shards = shards
        found = [self._find_length(r, sample_rate) for r in recordings]
        super().__init__(recordings, shards, sample_rate, found)

    def _find_length(self, recording: Recording, sample_rate: int) -> int | str:
        member = self.shards / recording.path
        rate = member.entry.recording.sample_rate
        if not rate:
            return f"{member}: could not be read when it was sharded; mend it and shard again"
        # Rounded exactly as in soxr.
        length = int(member.entry.samples / (rate / sample_rate) + 0.5)
        return length or f"{member}: shorter than a sample at {sample_rate} Hz; leave it out"

    def _read(self, index: int, start: int, count: int) -> np.ndarray:
        member = self.shards / self.recordings[index].path
        if member.entry.recording.sample_rate == self.sample_rate:
            with audio.Reader(member) as reader:
                part = round_samples(reader.cut(start, count).mean(0))
        else:
            part = decode(member, self.sample_rate)[start : start + count]
        if len(part) < count:
            raise SpeechganError(
                f"{member}: shorter than the index says; make the shards again with "
                "`speechgan data shard`"
            )
        return part
