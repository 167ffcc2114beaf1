"""Reads sound files, whole or block by block; every error names the file."""

import io
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import soundfile

from speechgan.audio.formats import Format, Wave
from speechgan.audio.mp3 import count_samples
from speechgan.utils.errors import SpeechganError

_READ_SAMPLES = 2**16
_MP3_GUESS_SECONDS = 1.0
# Other rates in a header are errors, which would cause hours of silence when resampled.
LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
# Larger than any file that has a header and no sound, in bytes.
_LONG_HEADER = 2**14
# libsndfile's length of a FLAC file whose header has none, to whose end it cannot read.
_UNKNOWN_LENGTH = 2**63 - 1
# Larger than any integer stored as floating point; its square does not overflow.
LARGEST_SAMPLE = 1e10
# Subtypes in which libsndfile seeks exactly; codecs would have to decode from the beginning.
_CUT_EXACTLY = ("PCM_", "FLOAT", "DOUBLE")


class Stored(Protocol):
    """A recording that is no file of its own; `str` gives its name for messages."""

    @property
    def name(self) -> str: ...

    @property
    def stem(self) -> str: ...

    def read_bytes(self) -> bytes: ...


class Reader:
    """A sound file open for reading; a context manager.

    Args:
        path: the file, or an object with its content.

    Attributes:
        path: the file.
        sample_rate: in Hz.
        channels: how many.
        samples: length of a channel; for an MP3 file sometimes exact only after reading.
        format: container and subtype.
        comment: in the file's metadata, such as that it was converted; often empty.

    Raises:
        SpeechganError: missing, unreadable, not audio, empty, or of unknown length.
    """

    def __init__(self, path: str | os.PathLike[str] | Stored) -> None:
        self.path = Path(path) if isinstance(path, str | os.PathLike) else path
        content = _require_readable(self.path)
        try:
            self._file = soundfile.SoundFile(_name_file(content))
        except (soundfile.LibsndfileError, TypeError):
            # TypeError: soundfile takes a name that ends in .raw for headerless samples.
            raise SpeechganError(
                f"{self.path}: not audio in a format that libsndfile reads; {self._conversion()}"
            ) from None
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.samples: int = self._file.frames
        self.format = Format(self._file.format, self._file.subtype)
        self.comment: str = self._file.comment
        # Without a frame count, libsndfile estimates the length by the file size, with tags.
        guesses = self.format.container == "MP3"
        self._guessed_samples = int(_MP3_GUESS_SECONDS * self.sample_rate) if guesses else 0
        self._held_samples = _count_frames(content) if guesses else 0
        problem = self._find_problem(_count_bytes(content))
        if problem:
            self._file.close()
            raise SpeechganError(f"{self.path}: {problem}")

    def _find_problem(self, size: int) -> str:
        """The problem of the header of a file of so many bytes, and its remedy, or nothing."""
        if self.samples <= 0 and size > _LONG_HEADER:
            return (
                f"says that it holds no samples, in {size} bytes, as a recorder leaves it that "
                f"was cut off; {self._conversion()}"
            )
        if self.samples <= 0:
            return "holds no samples; leave it out"
        if self.samples == _UNKNOWN_LENGTH:
            return f"does not say how long it is, as if from a pipe; {self._conversion()}"
        if self._held_samples > self.samples + self._guessed_samples:
            read = f"{self.samples / self.sample_rate:.0f} s"
            return f"holds more than the {read} that would be read of it; {self._conversion()}"
        if not LOWEST_RATE <= self.sample_rate <= HIGHEST_RATE:
            return (
                f"says that its sample rate is {self.sample_rate} Hz, which is none of a recording "
                f"({LOWEST_RATE} to {HIGHEST_RATE}); mend its header"
            )
        return ""

    def _conversion(self) -> str:
        """The remedy for files that libsndfile does not read."""
        converted = shlex.quote(f"{self.path.stem}.converted.wav")
        source = shlex.quote(str(self.path))
        return f"convert it first, for example: ffmpeg -i {source} {converted}"

    def _other_reason(self) -> str:
        """A further reason for an early end of the file, and the remedy."""
        if not self._guessed_samples:
            return "; get the file anew or cut it there"
        return f", or does not say how long it is; get the file anew, or {self._conversion()}"

    def blocks(self, samples: int, dtype: str = "float32") -> Iterator[Wave]:
        """Yields the file from its beginning as `(channel, samples)` blocks, the last one shorter.

        Args:
            samples: length of a block.
            dtype: "float32", exact for up to 24 bits, or "float64", exact for all.

        Raises:
            SpeechganError: the file is damaged, or a sample is NaN or infinite.
        """
        start = 0
        while start < self.samples:
            try:
                if start == 0:
                    self._file.seek(0)
                block = self._file.read(samples, dtype=dtype, always_2d=True).T
            except (soundfile.LibsndfileError, MemoryError):
                block = np.empty((self.channels, 0), dtype)
            if start and block.shape[1] == 0 and self.samples - start < self._guessed_samples:
                self.samples = start
                return
            if block.shape[1] == 0:
                raise SpeechganError(
                    f"{self.path}: damaged after {start / self.sample_rate:.3f} s of "
                    f"{self.samples / self.sample_rate:.3f} s{self._other_reason()}"
                )
            require_finite(block, self.sample_rate, str(self.path), start)
            yield block
            start += block.shape[1]

    def cut(self, start: int, samples: int) -> Wave:
        """Part of the file, `(channel, samples)` float32, shorter if the file ends earlier.

        Raises:
            SpeechganError: the file is damaged, or a sample is NaN or infinite.
        """
        if not self.format.subtype.startswith(_CUT_EXACTLY):
            parts = list(self._blocks_to(start + samples))
            return np.concatenate(parts, axis=1)[:, start : start + samples]
        try:
            self._file.seek(min(start, self.samples))
            part = self._file.read(samples, dtype="float32", always_2d=True).T
        except (soundfile.LibsndfileError, MemoryError):
            raise SpeechganError(
                f"{self.path}: damaged at {start / self.sample_rate:.3f} s; get the file anew"
            ) from None
        require_finite(part, self.sample_rate, str(self.path), start)
        return part

    def _blocks_to(self, stop: int) -> Iterator[Wave]:
        """Blocks from the beginning up to so many samples or more."""
        count = 0
        for block in self.blocks(_READ_SAMPLES):
            yield block
            count += block.shape[1]
            if count >= stop:
                return

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: str | os.PathLike[str] | Stored) -> tuple[Wave, int]:
    """A whole file: float32 `(channel, sample)` in ±1, and its sample rate in Hz.

    Raises:
        SpeechganError: missing, unreadable, not audio, empty, damaged, or with NaN in it.
    """
    with Reader(path) as reader:
        blocks = list(reader.blocks(_READ_SAMPLES))
        return np.concatenate(blocks, axis=1), reader.sample_rate


def require_finite(wave: Wave, sample_rate: float, name: str, start: int = 0) -> None:
    """Refuses NaN, infinite and extremely large samples in `(channel, sample)`.

    Args:
        name: of the sound in the message.
        start: samples before the wave's first.

    Raises:
        SpeechganError: with the time of the first such sample.
    """
    usable = np.abs(wave) <= LARGEST_SAMPLE
    if not usable.all():
        first = int(usable.all(axis=0).argmin())
        what = "NaN or infinite" if not np.isfinite(wave[:, first]).all() else "far too large"
        raise SpeechganError(
            f"{name}: a sample is {what} at {(start + first) / sample_rate:.3f} s; "
            "repair the recording or cut it there"
        )


def _name_file(content: Path | io.BytesIO) -> bytes | Path | io.BytesIO:
    # soundfile refuses names in another encoding than the system's, as from another system's disk.
    return os.fsencode(content) if isinstance(content, Path) and os.name != "nt" else content


def _count_bytes(content: Path | io.BytesIO) -> int:
    return content.stat().st_size if isinstance(content, Path) else content.getbuffer().nbytes


def _count_frames(content: Path | io.BytesIO) -> int:
    """Samples in the frames of an MP3 file."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            return count_samples(file)
    return count_samples(io.BytesIO(content.getvalue()))


def _require_readable(path: Path | Stored) -> Path | io.BytesIO:
    """The file or content for libsndfile, after checks."""
    content: Path | io.BytesIO
    try:
        if isinstance(path, Path):
            kind = stat.S_IFMT(path.stat().st_mode)
            # Opening a pipe would wait for a writer, perhaps forever.
            if kind not in (stat.S_IFREG, stat.S_IFDIR):
                raise SpeechganError(
                    f"{path}: a pipe or a device, not a file; leave it out, or make a file of it"
                )
            with path.open("rb") as file:
                content, empty = path, not file.read(1)
        else:
            data = path.read_bytes()
            content, empty = io.BytesIO(data), not data
    except FileNotFoundError:
        link = isinstance(path, Path) and path.is_symlink()
        reason = "a link to a file that is gone" if link else "no such file"
        raise SpeechganError(f"{path}: {reason}; check the name") from None
    except IsADirectoryError:
        raise SpeechganError(f"{path}: a folder, not a file; name a file in it") from None
    except OSError as error:
        raise SpeechganError(
            f"{path}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    if empty:
        raise SpeechganError(f"{path}: an empty file; leave it out")
    return content
