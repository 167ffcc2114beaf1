"""Samples in a pipe: raw PCM, and WAV of unknown length."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from speechgan.audio.formats import Wave
from speechgan.audio.reading import HIGHEST_RATE, LOWEST_RATE
from speechgan.utils.errors import SpeechganError

# WAV tag, bytes of a sample, NumPy type, full scale; 24 bits are the upper part of 32.
_ENCODINGS = {
    "u8": (1, 1, "u1", 2.0**7),
    "s16le": (1, 2, "<i2", 2.0**15),
    "s24le": (1, 3, "<i4", 2.0**31),
    "s32le": (1, 4, "<i4", 2.0**31),
    "f32le": (3, 4, "<f4", 1.0),
    "f64le": (3, 8, "<f8", 1.0),
}
ENCODINGS = tuple(_ENCODINGS)
_EXTENSIBLE = 0xFFFE
# In the header of a recording of unknown length recorders write this or more, or 0.
_UNKNOWN = 0x7FFFF000
_LONGEST_FORMAT = 40
_SKIPPED_BYTES = 2**16
MOST_CHANNELS = 1024
"""As in libsndfile."""


@dataclass(frozen=True)
class Pcm:
    """The format of samples in a pipe.

    Attributes:
        encoding: one of `ENCODINGS`, in FFmpeg's names.
        sample_rate: in Hz.
        channels: interleaved.
    """

    encoding: str
    sample_rate: int
    channels: int = 1

    @classmethod
    def parse(cls, text: str) -> "Pcm":
        """Parses `encoding:sample_rate` or `encoding:sample_rate:channels`.

        Raises:
            ValueError: another form, an unknown encoding, rate or channels out of range.
        """
        encoding, *counts = text.split(":")
        if encoding not in ENCODINGS or len(counts) not in (1, 2):
            raise ValueError("not ENCODING:RATE[:CHANNELS] with one of " + " ".join(ENCODINGS))
        if not all(count.isdecimal() and int(count) > 0 for count in counts):
            raise ValueError("the rate and the number of channels are whole numbers above 0")
        pcm = cls(encoding, *map(int, counts))
        if not LOWEST_RATE <= pcm.sample_rate <= HIGHEST_RATE or pcm.channels > MOST_CHANNELS:
            raise ValueError(
                f"the rate must be {LOWEST_RATE} to {HIGHEST_RATE}, and the channels "
                f"{MOST_CHANNELS} at most"
            )
        return pcm

    @property
    def step(self) -> int:
        """Bytes of one sample of all channels."""
        return _ENCODINGS[self.encoding][1] * self.channels

    def decode(self, data: bytes) -> Wave:
        """Bytes of whole steps to float32 `(channel, sample)`, full scale at ±1."""
        _, size, kind, scale = _ENCODINGS[self.encoding]
        if self.encoding == "s24le":
            padded = np.zeros((len(data) // size, 4), np.uint8)
            padded[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, size)
            data = padded.tobytes()
        samples = np.frombuffer(data, kind).astype(np.float64)
        if self.encoding == "u8":
            samples -= scale
        return (samples / scale).astype(np.float32).reshape(-1, self.channels).T

    def encode(self, wave: Wave) -> bytes:
        """The inverse of `decode`; values that exceed the range of integers are clipped."""
        _, size, kind, scale = _ENCODINGS[self.encoding]
        samples = np.ascontiguousarray(wave.T, np.float64)
        if self.encoding.startswith("f"):
            return samples.astype(kind).tobytes()
        unit = 256.0 if self.encoding == "s24le" else 1.0
        steps = np.clip(np.rint(samples * (scale / unit)), -scale / unit, scale / unit - 1)
        if self.encoding == "u8":
            steps += scale
        if self.encoding == "s24le":
            return steps.astype(kind).view(np.uint8).reshape(-1, 4)[:, :size].tobytes()
        return steps.astype(kind).tobytes()

    def header(self, length: int | None) -> bytes:
        """The header of a WAV with so many bytes of samples, or an unknown number."""
        tag, size, _, _ = _ENCODINGS[self.encoding]
        rate = self.sample_rate
        form = struct.pack(
            "<HHIIHH", tag, self.channels, rate, rate * self.step, self.step, 8 * size
        )
        sizes = (0xFFFFFFFF, 0xFFFFFFFF) if length is None else (36 + length, length)
        return (
            struct.pack("<4sI4s4sI", b"RIFF", sizes[0], b"WAVE", b"fmt ", 16)
            + form
            + (struct.pack("<4sI", b"data", sizes[1]))
        )


def read_header(read: Callable[[int], bytes]) -> tuple[Pcm, int | None]:
    """The format of a WAV, and the number of bytes of samples, if known.

    Args:
        read: returns so many bytes, or fewer at the end.

    Raises:
        SpeechganError: not a WAV, or of an encoding that is not in `ENCODINGS`.
    """
    start = read(12)
    if (start[:4], start[8:]) != (b"RIFF", b"WAVE"):
        raise _refuse("not WAV")
    form = b""
    while len(chunk := read(8)) == 8:
        name, size = struct.unpack("<4sI", chunk)
        if name == b"data":
            return _parse_format(form), None if not 0 < size < _UNKNOWN else size
        # A chunk with a wrong, large size is read in pieces, and not kept in memory.
        left = size + size % 2
        while left and (part := read(min(left, _SKIPPED_BYTES))):
            left -= len(part)
            if name == b"fmt " and len(form) < _LONGEST_FORMAT:
                form += part
    raise _refuse("a WAV that ends before its samples")


def _parse_format(form: bytes) -> Pcm:
    if len(form) < 16:
        raise _refuse("a WAV without a format")
    tag, channels, rate, _, step, _ = struct.unpack("<HHIIHH", form[:16])
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack("<H", form[24:26])
    for encoding, (known, size, _, _) in _ENCODINGS.items():
        if (tag, step) == (known, size * channels):
            if LOWEST_RATE <= rate <= HIGHEST_RATE and 1 <= channels <= MOST_CHANNELS:
                return Pcm(encoding, rate, channels)
            raise _refuse(f"a WAV of {channels} channels at {rate} Hz")
    raise _refuse("a WAV that is not plain PCM")


def _refuse(what: str) -> SpeechganError:
    return SpeechganError(
        f"-: {what}; a stream takes WAV of 8 to 32 bits or floating point, or with "
        "--raw s16le:16000:1 samples without a header"
    )
