"""Processing of sound files in blocks, from one file to another."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speechgan import audio
from speechgan.audio import Format, Wave
from speechgan.utils.errors import SpeechganError
from speechgan.utils.interrupts import put_off_interrupts

READ_SECONDS = 3.0
# Allowance for other open files of the process, such as libraries, pipes and devices.
OTHER_FILES = 64

Progress = Callable[[float], object]
"""Called with the number of seconds newly finished."""


@dataclass(frozen=True)
class WrittenFile:
    """The result of processing a file.

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
    """Samples of a block: fewer with more channels, so that memory stays the same."""
    return max(1, int(READ_SECONDS * rate / channels))


def split_wave(wave: Wave, length: int) -> Iterator[Wave]:
    """`(channel, sample)` in blocks of so many samples, the last one shorter."""
    return (wave[:, start : start + length] for start in range(0, wave.shape[1], length))


class FilePair:
    """A context manager of a file that is read, and of the file that is written.

    It gives the reader, and a function that writes pieces `(channel, sample)` to the new file.

    Args:
        source: in any format that libsndfile reads.
        target: its extension determines the container; the subtype (16 or 24 bit, float, ...) is
            kept if the container has it. An existing file is replaced when the new one is complete.
        progress: called with the seconds finished.
        rate_of: gives the sample rate of the new file, in whole Hz, for that of the source.
        comment: in the file's metadata, see `speechgan.audio.Writer`.

    Attributes:
        written: the result, once it is complete.

    Raises:
        SpeechganError: when it is entered or left, or in between: `source` is missing, unreadable,
            not audio, empty, damaged or holds NaN; `target` cannot be written or is `source`.
    """

    written: WrittenFile

    def __init__(
        self,
        source: str | os.PathLike[str],
        target: str | os.PathLike[str],
        progress: Progress | None = None,
        rate_of: Callable[[int], float] = float,
        comment: str = "",
    ) -> None:
        self.source, self.target = Path(source), Path(target)
        self.progress, self.rate_of, self.comment = progress, rate_of, comment

    def __enter__(self) -> tuple[audio.Reader, Callable[[Wave], None]]:
        with ExitStack() as opened:
            self._reader = opened.enter_context(audio.Reader(self.source))
            rate, like = int(self.rate_of(self._reader.sample_rate)), self._reader.format
            if self.target.exists() and self.target.samefile(self.source):
                raise SpeechganError(f"{self.target}: is the input itself; choose another output")
            # An interrupt between creating and entering the writer would leave its file behind.
            with put_off_interrupts():
                writer = audio.Writer(self.target, rate, self._reader.channels, like, self.comment)
                self._writer = opened.enter_context(writer)
            self._rate, self._opened = rate, opened.pop_all()
        return self._reader, self._write

    def __exit__(self, *error: Any) -> None:
        self._opened.__exit__(*error)
        reader = self._reader
        seconds = reader.samples / reader.sample_rate
        self.written = WrittenFile(
            self.target, seconds, self._rate, reader.channels, self._writer.format
        )

    def _write(self, piece: Wave) -> None:
        self._writer.write(piece)
        if self.progress is not None:
            self.progress(piece.shape[1] / self._rate)


def check_open_files(count: int) -> None:
    """Checks that the system lets a process open so many pairs at a time.

    Raises:
        SpeechganError: it does not; the message says what can be done.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and 2 * count + OTHER_FILES > allowed:
        raise SpeechganError(
            f"batch {count}: would open {2 * count} files at a time, of {allowed} that this system "
            "allows a process; lower it, or raise that by ulimit -n"
        )
