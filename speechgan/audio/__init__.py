"""Sound files, whole or block by block: read, write, resample; every error names the file."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile
import soxr

from speechgan.utils.errors import SpeechganError

Wave = np.ndarray[Any, np.dtype[Any]]
"""`(channel, sample)`, floating point, full scale at ±1."""

CONTAINERS = {
    ".aif": "AIFF",
    ".aifc": "AIFF",
    ".aiff": "AIFF",
    ".au": "AU",
    ".caf": "CAF",
    ".flac": "FLAC",
    ".mp3": "MP3",
    ".nist": "NIST",
    ".oga": "OGG",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".rf64": "RF64",
    ".snd": "AU",
    ".sph": "NIST",
    ".w64": "W64",
    ".wav": "WAV",
}
AUDIO_EXTENSIONS = frozenset(CONTAINERS)
LOSSY_EXTENSIONS = frozenset({".mp3", ".oga", ".ogg", ".opus"})

_WAV_FAMILY = ("WAV", "WAVEX", "RF64")
_FINER_THAN_16_BIT = ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
# Codecs of whole packets: in a container that only borrows them they would lengthen the sound.
_BORROWED = ("IMA_ADPCM", "MS_ADPCM", "GSM610", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III")
# libsndfile cuts fractions of a step off towards minus infinity; rounding first avoids the offset.
_STEPS = {"PCM_S8": 2.0**7, "PCM_U8": 2.0**7, "PCM_16": 2.0**15, "PCM_24": 2.0**23}
_LARGEST_WAV = 2**32 - 1
_READ_SAMPLES = 2**16
_MP3_GUESS_SECONDS = 1.0


@dataclass(frozen=True)
class Format:
    """How samples lie in a file, in libsndfile's names.

    Attributes:
        container: "WAV", "FLAC", "OGG" and so on.
        subtype: "PCM_16", "PCM_24", "FLOAT", "VORBIS" and so on.
    """

    container: str
    subtype: str


class Reader:
    """A sound file open for reading; a context manager.

    Attributes:
        path: the file.
        sample_rate: in Hz.
        channels: how many.
        samples: length of a channel; of an MP3 file sometimes known exactly only after reading.
        format: container and subtype.

    Raises:
        SpeechganError: missing, unreadable, not audio, or empty.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        _require_readable(self.path)
        try:
            self._file = soundfile.SoundFile(self.path)
        except (soundfile.LibsndfileError, TypeError):
            # TypeError: soundfile takes a name that ends in .raw for headerless samples.
            raise SpeechganError(
                f"{self.path}: not audio in a format that libsndfile reads; convert it first, "
                f"for example: ffmpeg -i {self.path.name} {self.path.stem}.converted.wav"
            ) from None
        self.sample_rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.samples: int = self._file.frames
        self.format = Format(self._file.format, self._file.subtype)
        # Without a header that counts frames, libsndfile guesses from the size, tags included.
        guesses = self.format.container == "MP3"
        self._guessed_samples = int(_MP3_GUESS_SECONDS * self.sample_rate) if guesses else 0
        if self.samples == 0:
            self._file.close()
            raise SpeechganError(f"{self.path}: holds no samples; leave it out")

    def blocks(self, samples: int, dtype: str = "float32") -> Iterator[Wave]:
        """Yields the file from its beginning as `(channel, samples)` blocks, the last one shorter.

        Args:
            samples: length of a block.
            dtype: "float32", exact for up to 24 bits, or "float64", exact for all.

        Raises:
            SpeechganError: the file is damaged, or a sample is NaN or infinite.
        """
        self._file.seek(0)
        start = 0
        while start < self.samples:
            try:
                block = self._file.read(samples, dtype=dtype, always_2d=True).T
            except soundfile.LibsndfileError:
                block = np.empty((self.channels, 0), dtype)
            if start and block.shape[1] == 0 and self.samples - start < self._guessed_samples:
                self.samples = start
                return
            if block.shape[1] == 0:
                raise SpeechganError(
                    f"{self.path}: damaged after {start / self.sample_rate:.3f} s of "
                    f"{self.samples / self.sample_rate:.3f} s; get the file anew or cut it there"
                )
            require_finite(block, self.sample_rate, str(self.path), start)
            yield block
            start += block.shape[1]

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Writer:
    """A sound file that appears under its name when it is complete, or not at all.

    A context manager. Samples go into a hidden file in the same folder, which is made if need be;
    that file takes the name on a clean exit and is removed on any other, so that an interrupted or
    failed run leaves whatever stood there before. All formats but
    floating point clip beyond full scale; integers round to the nearest step.

    Args:
        path: the file; its extension decides the container.
        sample_rate: in Hz.
        channels: how many.
        like: format to keep where the container allows it; otherwise as close as it does.

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
    ) -> None:
        self.path = Path(path)
        self.format = choose_format(self.path, like)
        self._beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._sink = _Sink(self._beside)
        except OSError as error:
            raise self._failure(error) from None
        try:
            self._file = soundfile.SoundFile(
                self._sink,
                "w",
                sample_rate,
                channels,
                self.format.subtype,
                format=self.format.container,
            )
        except (soundfile.LibsndfileError, ValueError):
            self._discard()
            if self._sink.error is not None:
                raise self._failure(self._sink.error) from None
            raise SpeechganError(
                f"{self.path}: {self.format.container} {self.format.subtype} does not take "
                f"{channels} channels at {sample_rate} Hz; write .wav or .flac"
            ) from None
        except BaseException:  # told to end, before there is anything that a `with` would leave
            self._discard()
            raise

    def write(self, block: Wave) -> None:
        """Appends `(channel, sample)`."""
        if self.format.subtype not in ("FLOAT", "DOUBLE"):
            block = np.clip(block, -1, 1)  # libsndfile itself lets u-law and others wrap around
        if self.format.subtype in _STEPS:
            steps = _STEPS[self.format.subtype]
            block = np.rint(block * steps) / steps
        try:
            self._file.write(block.T)
        except (soundfile.LibsndfileError, AssertionError) as error:
            # soundfile asserts that libsndfile wrote everything; the sink knows why it did not.
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
        if self.format.container in ("WAV", "WAVEX") and self._sink.tell() > _LARGEST_WAV:
            raise SpeechganError(f"{self.path}: WAV holds no more than 4 GB; write .rf64 or .flac")

    def _close(self) -> None:
        try:
            self._file.close()
        except soundfile.LibsndfileError as error:
            self._sink.error = self._sink.error or OSError(str(error))

    def _discard(self) -> None:
        self._sink.file.close()
        self._beside.unlink(missing_ok=True)

    def _failure(self, error: BaseException) -> BaseException:
        if not isinstance(error, Exception):
            return error  # Ctrl-C, while libsndfile was writing
        reason = getattr(error, "strerror", None) or str(error) or "the disk may be full"
        return SpeechganError(
            f"{self.path}: cannot be written ({reason}); free some space or choose another folder"
        )


class _Sink:
    """What libsndfile writes into: keeps the system's reason, which libsndfile drops."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("w+b", buffering=0)
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            # A disk that fills up first takes a part, and gives its reason when asked again.
            while rest:
                rest = rest[self.file.write(rest) :]
        except BaseException as error:
            # Nothing can be raised through libsndfile.
            self.error = self.error or error
        return len(data) - len(rest)

    def read(self, count: int = -1) -> bytes:
        return self.file.read(count)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()


def read(path: str | os.PathLike[str]) -> tuple[Wave, int]:
    """A whole file: float32 `(channel, sample)` in ±1, and its sample rate in Hz.

    Raises:
        SpeechganError: missing, unreadable, not audio, empty, damaged, or with NaN in it.
    """
    with Reader(path) as reader:
        blocks = list(reader.blocks(_READ_SAMPLES))
        return np.concatenate(blocks, axis=1), reader.sample_rate


def write(
    path: str | os.PathLike[str], wave: Wave, sample_rate: int, like: Format | None = None
) -> None:
    """Writes `(channel, sample)` or `(sample,)` as a whole file, or leaves what stood there.

    Raises:
        SpeechganError: see `Writer`.
    """
    wave = np.atleast_2d(wave)
    with Writer(path, sample_rate, len(wave), like) as writer:
        writer.write(wave)


def choose_format(path: Path, like: Format | None = None) -> Format:
    """The format for a file of this name that loses least of `like`.

    Raises:
        SpeechganError: an extension that libsndfile does not write.
    """
    container = CONTAINERS.get(path.suffix.lower())
    if container is None:
        raise SpeechganError(
            f"{path}: cannot write files named *{path.suffix or ' without extension'}; "
            f"use one of {' '.join(sorted(AUDIO_EXTENSIONS))}"
        )
    default = "OPUS" if path.suffix.lower() == ".opus" else soundfile.default_subtype(container)
    if like is None:
        return Format(container, default)
    if container == "WAV" and like.container in _WAV_FAMILY:
        container = like.container
    if like.subtype not in _BORROWED and soundfile.check_format(container, like.subtype):
        return Format(container, like.subtype)
    if like.subtype in _FINER_THAN_16_BIT and soundfile.check_format(container, "PCM_24"):
        return Format(container, "PCM_24")
    return Format(container, default)


def resample(wave: Wave, from_rate: float, to_rate: float) -> Wave:
    """`(channel, sample)` at another rate, in Hz: no delay, stopband below -120 dB (soxr HQ)."""
    pieces = list(resample_blocks([wave], from_rate, to_rate, len(wave)))
    return np.concatenate(pieces, axis=1) if pieces else wave[:, :0]


def resample_blocks(
    blocks: Iterable[Wave], from_rate: float, to_rate: float, channels: int
) -> Iterator[Wave]:
    """Resamples a stream of `(channel, sample)` float32 blocks of any lengths, without seams."""
    if from_rate == to_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_rate, to_rate, channels, dtype="float32", quality="HQ")
    for block in blocks:
        piece = stream.resample_chunk(np.ascontiguousarray(block.T, np.float32))
        if len(piece):
            yield piece.T
    rest = stream.resample_chunk(np.empty((0, channels), np.float32), last=True)
    if len(rest):
        yield rest.T


def require_finite(wave: Wave, sample_rate: float, name: str, start: int = 0) -> None:
    """Refuses NaN and infinity in `(channel, sample)`.

    Args:
        name: what to call the sound in the message.
        start: samples before the wave's first.

    Raises:
        SpeechganError: with the time of the first such sample.
    """
    finite = np.isfinite(wave)
    if not finite.all():
        first = start + int(finite.all(axis=0).argmin())
        raise SpeechganError(
            f"{name}: a sample is NaN or infinite at {first / sample_rate:.3f} s; "
            "repair the recording or cut it there"
        )


def _require_readable(path: Path) -> None:
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except FileNotFoundError:
        reason = "a link to a file that is gone" if path.is_symlink() else "no such file"
        raise SpeechganError(f"{path}: {reason}; check the name") from None
    except IsADirectoryError:
        raise SpeechganError(f"{path}: a folder, not a file; name a file in it") from None
    except OSError as error:
        raise SpeechganError(
            f"{path}: cannot be read ({error.strerror}); check its permissions"
        ) from None
    if empty:
        raise SpeechganError(f"{path}: an empty file; leave it out")
