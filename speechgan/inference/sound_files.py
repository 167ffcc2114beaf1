"""A file in, another file out, in blocks, whatever is done to the sound between."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from speechgan import audio
from speechgan.audio import Format, Wave
from speechgan.utils.errors import SpeechganError

Progress = Callable[[float], object]
"""Told the seconds finished, each time some are."""


@dataclass(frozen=True)
class WrittenFile:
    """What was made of a file.

    Attributes:
        path: the new file.
        seconds: its length.
        sample_rate: in Hz, as in the input.
        channels: as in the input.
        format: container and subtype.
    """

    path: Path
    seconds: float
    sample_rate: int
    channels: int
    format: Format


def process_file(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    work: Callable[[audio.Reader], Iterable[Wave]],
    progress: Progress | None = None,
) -> WrittenFile:
    """Writes what a function makes of an open file, piece by piece.

    Args:
        source: in any format that libsndfile reads.
        target: its extension decides the container; the subtype (16 or 24 bit, float, ...) stays
            where the container has it. Replaced if it exists, and only when complete.
        work: gives the whole in pieces `(channel, sample)`.
        progress: told how far it is.

    Raises:
        SpeechganError: `source` is missing, unreadable, not audio, empty, damaged or holds NaN;
            `target` cannot be written or is `source`.
    """
    source, target = Path(source), Path(target)
    with audio.Reader(source) as reader:
        rate, channels = reader.sample_rate, reader.channels
        if target.exists() and target.samefile(source):
            raise SpeechganError(f"{target}: is the input itself; choose another output")
        with audio.Writer(target, rate, channels, reader.format) as writer:
            for piece in work(reader):
                writer.write(piece)
                if progress is not None:
                    progress(piece.shape[1] / rate)
        return WrittenFile(target, reader.samples / rate, rate, channels, writer.format)
