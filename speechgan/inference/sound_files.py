"""A file in, another file out, in blocks, whatever is done to the sound between."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from speechgan import audio
from speechgan.audio import Format, Wave
from speechgan.utils.errors import SpeechganError

READ_SECONDS = 3.0

Progress = Callable[[float], object]
"""Told the seconds finished, each time some are."""


@dataclass(frozen=True)
class WrittenFile:
    """What was made of a file.

    Attributes:
        path: the new file.
        seconds: its length.
        sample_rate: in Hz.
        channels: as in the input.
        format: container and subtype.
    """

    path: Path
    seconds: float
    sample_rate: int
    channels: int
    format: Format


def block_length(rate: float, channels: int) -> int:
    """Samples to work on at a time: the more channels, the fewer, so that memory stays the same."""
    return max(1, int(READ_SECONDS * rate / channels))


def split_wave(wave: Wave, rate: float) -> Iterator[Wave]:
    """`(channel, sample)` in blocks of that length."""
    length = block_length(rate, len(wave))
    return (wave[:, start : start + length] for start in range(0, wave.shape[1], length))


def process_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    work: Callable[[audio.Reader], Iterable[Wave]],
    progress: Progress | None = None,
    rate_of: Callable[[int], float] = float,
    comment: str = "",
) -> WrittenFile:
    """Writes what a function makes of an open file, piece by piece.

    Args:
        source: in any format that libsndfile reads.
        target: its extension decides the container; the subtype (16 or 24 bit, float, ...) stays
            where the container has it. Replaced if it exists, and only when complete.
        work: gives the whole in pieces `(channel, sample)`.
        progress: told how far it is.
        rate_of: gives the sample rate of what is made, in whole Hz, for that of the source.
        comment: what the file is to say of itself, see `speechgan.audio.Writer`.

    Raises:
        SpeechganError: `source` is missing, unreadable, not audio, empty, damaged or holds NaN;
            `target` cannot be written or is `source`.
    """
    source, target = Path(source), Path(target)
    with audio.Reader(source) as reader:
        rate, channels = int(rate_of(reader.sample_rate)), reader.channels
        if target.exists() and target.samefile(source):
            raise SpeechganError(f"{target}: is the input itself; choose another output")
        with audio.Writer(target, rate, channels, reader.format, comment) as writer:
            for piece in work(reader):
                writer.write(piece)
                if progress is not None:
                    progress(piece.shape[1] / rate)
        return WrittenFile(
            target, reader.samples / reader.sample_rate, rate, channels, writer.format
        )
