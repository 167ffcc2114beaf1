"""Resampling to another sample rate."""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from speechgan.audio.formats import Wave


class Resampler:
    """Continuous resampling in blocks (soxr HQ): output aligned to the input, stopband -120 dB.

    Args:
        from_rate, to_rate: in Hz.
        channels: of the blocks.
    """

    def __init__(self, from_rate: float, to_rate: float, channels: int) -> None:
        self.channels = channels
        self._stream = (
            None
            if from_rate == to_rate
            else soxr.ResampleStream(from_rate, to_rate, channels, dtype="float32", quality="HQ")
        )

    def __call__(self, wave: Wave, ends: bool = False) -> Wave:
        """`(channel, sample)` to the float32 samples that are ready, perhaps none."""
        if self._stream is None:
            return wave
        block = np.ascontiguousarray(wave.T, np.float32)
        return self._stream.resample_chunk(block, last=ends).T

    def finish(self) -> Wave:
        """The remaining samples."""
        return self(np.zeros((self.channels, 0), np.float32), ends=True)


def resample(wave: Wave, from_rate: float, to_rate: float) -> Wave:
    """`(channel, sample)` at another rate, in Hz."""
    return np.concatenate(list(resample_blocks([wave], from_rate, to_rate, len(wave))), axis=1)


def resample_blocks(
    blocks: Iterable[Wave], from_rate: float, to_rate: float, channels: int
) -> Iterator[Wave]:
    """Resamples a continuous stream of `(channel, sample)` float32 blocks of any lengths."""
    resampler = Resampler(from_rate, to_rate, channels)
    for block in blocks:
        yield resampler(block)
    yield resampler.finish()
