"""Reads recordings for measures: at 16 kHz, block by block."""

from collections.abc import Iterator

import numpy as np

from speechgan import audio
from speechgan.audio import Wave
from speechgan.utils.errors import UnmeasurableError
from speechgan.utils.places import File, lend_file

SAMPLE_RATE = 16000
_BLOCK = 2**16


def load(file: File, mono: bool = False, seconds: float | None = None) -> Wave:
    """A recording, resampled block by block: float32 `(channel, sample)` at 16 kHz.

    Args:
        file: of any rate and format; one of a store is fetched while it is read.
        mono: whether to average the channels.
        seconds: to read from the beginning; None for all.

    Raises:
        SpeechganError: missing, unreadable, damaged, or with NaN in it.
        UnmeasurableError: shorter than a sample at 16 kHz, or too long for the memory.
    """
    with lend_file(file) as path, audio.Reader(path) as reader:
        blocks = _take(reader, seconds)
        channels = reader.channels
        if mono:
            blocks, channels = (block.mean(0, keepdims=True) for block in blocks), 1
        try:
            pieces = list(audio.resample_blocks(blocks, reader.sample_rate, SAMPLE_RATE, channels))
            wave = np.ascontiguousarray(np.concatenate(pieces, axis=1))
        except MemoryError:
            raise UnmeasurableError(f"{file}: too long for the memory; cut it in parts") from None
    if not wave.size:
        raise UnmeasurableError(f"{file}: too short; leave it out")
    return wave if seconds is None else wave[:, : round(seconds * SAMPLE_RATE)]


def protect(wave: Wave) -> Wave:
    """The same samples, read-only, so that no measure can change them for others."""
    view = wave.view()
    view.flags.writeable = False
    return view


def _take(reader: audio.Reader, seconds: float | None) -> Iterator[Wave]:
    # One second more than requested, against boundary effects of the resampler.
    rest = reader.samples if seconds is None else round((seconds + 1) * reader.sample_rate)
    for block in reader.blocks(_BLOCK):
        yield block[:, :rest] if seconds is not None else block
        rest -= block.shape[1]
        if seconds is not None and rest <= 0:
            return
