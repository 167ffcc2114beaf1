"""Writes sound files, whole or not at all."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile

from speechgan.audio.formats import WORDLESS, Format, Wave, choose_format
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write, hidden_beside
from speechgan.utils.interrupts import put_off_interrupts

# libsndfile rounds down; rounding to the nearest step before avoids the offset.
_STEPS = {"PCM_S8": 2.0**7, "PCM_U8": 2.0**7, "PCM_16": 2.0**15, "PCM_24": 2.0**23}
# Containers with 32-bit sizes; libsndfile writes longer files, which cannot be read completely.
_COUNTED = ("WAV", "WAVEX", "AIFF")
# Their largest size, in bytes.
_LARGEST = 2**32 - 1


class Writer:
    """A context manager that writes a sound file, whole or not at all.

    Samples go into a hidden file in the same folder, which is made if needed; that file is renamed
    on a clean exit and removed on any other, so that an existing file survives an interrupted or
    failed run. All formats but floating point clip beyond full scale; integers are rounded to the
    nearest step.

    Args:
        path: the file; its extension determines the container.
        sample_rate: in Hz.
        channels: how many.
        like: format to keep if the container allows it; otherwise a similar one is chosen.
        comment: for the file's metadata; left out in containers without comments, see
            `speechgan.audio.formats.WORDLESS`.

    Raises:
        SpeechganError: an extension that libsndfile does not write, a rate or channel count that
            the container does not take, a folder that cannot be written, a full disk.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample_rate: int,
        channels: int,
        like: Format | None = None,
        comment: str = "",
    ) -> None:
        self.path = Path(path)
        self.format = choose_format(self.path, like)
        self._beside = hidden_beside(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._sink = _Sink(self._beside)
        except OSError as error:
            raise self._failure(error) from None
        try:
            with put_off_interrupts():
                self._file = soundfile.SoundFile(
                    self._sink,
                    "w",
                    sample_rate,
                    channels,
                    self.format.subtype,
                    format=self.format.container,
                )
                if comment and self.format.container not in WORDLESS:
                    self._file.comment = comment  # before the first sample: MP3 takes none later
        except (soundfile.LibsndfileError, ValueError):
            self._discard()
            if self._sink.error is not None:
                raise self._failure(self._sink.error) from None
            raise SpeechganError(
                f"{self.path}: {self.format.container} {self.format.subtype} does not take "
                f"{channels} channels at {sample_rate} Hz; write .wav"
            ) from None
        except BaseException:  # interrupted, before a `with` could clean up
            if hasattr(self, "_file"):
                self._close()
            self._discard()
            raise

    def write(self, block: Wave) -> None:
        """Appends `(channel, sample)`."""
        if self.format.subtype not in ("FLOAT", "DOUBLE"):
            block = np.clip(block, -1, 1)  # in libsndfile u-law and others would wrap around
        if self.format.subtype in _STEPS:
            steps = _STEPS[self.format.subtype]
            block = np.rint(block * steps) / steps
        try:
            with put_off_interrupts():
                self._file.write(block.T)
        except (soundfile.LibsndfileError, AssertionError) as error:
            # soundfile asserts that libsndfile wrote everything; the sink has the reason.
            raise self._failure(self._sink.error or error) from None
        self._check()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._close()
            self._discard()
            return
        try:
            self._close()
            self._check()
            os.fsync(self._sink.file.fileno())
            self._sink.file.close()
            os.replace(self._beside, self.path)
        except OSError as failure:
            raise self._failure(failure) from None
        finally:
            self._discard()

    def _check(self) -> None:
        if self._sink.error is not None:
            raise self._failure(self._sink.error)
        if self.format.container in _COUNTED and self._sink.tell() > _LARGEST:
            kind = self.format.container.removesuffix("EX")
            raise SpeechganError(
                f"{self.path}: {kind} holds no more than 4 GB; write .rf64 or .flac"
            )

    def _close(self) -> None:
        try:
            with put_off_interrupts():
                self._file.close()
        except soundfile.LibsndfileError as error:
            self._sink.error = self._sink.error or OSError(str(error))

    def _discard(self) -> None:
        self._sink.file.close()
        self._beside.unlink(missing_ok=True)

    def _failure(self, error: BaseException) -> BaseException:
        if not isinstance(error, Exception):
            return error  # Ctrl-C, while libsndfile was writing
        return cannot_write(self.path, error)


class _Sink:
    """The file object for libsndfile; it keeps the system's errors, which libsndfile drops."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b", buffering=0)
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            # On a full disk the first call writes a part, and the next raises the error.
            while rest:
                rest = rest[self.file.write(rest) :]
        except BaseException as error:
            # Exceptions cannot pass through libsndfile.
            self.error = self.error or error
        return len(data) - len(rest)

    def read(self, count: int = -1) -> bytes:
        return self.file.read(count)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()


def write(
    path: str | os.PathLike[str], wave: Wave, sample_rate: int, like: Format | None = None
) -> None:
    """Writes `(channel, sample)` or `(sample,)` as a file, whole or not at all.

    Raises:
        SpeechganError: see `Writer`.
    """
    wave = np.atleast_2d(wave)
    with Writer(path, sample_rate, len(wave), like) as writer:
        writer.write(wave)
