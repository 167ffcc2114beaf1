"""Counts the samples of an MP3 file, independently of its metadata."""

from functools import cache
from typing import BinaryIO

# Bit rates in kbit/s by index, for MPEG 1, and for MPEG 2 and 2.5; 0 is unknown.
_BIT_RATES = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0),
)
_RATES = (44100, 48000, 32000, 0)
# Bytes that are read at a time.
_PIECE = 2**20
# Longest frame plus the header of the next, in bytes.
_LONGEST = 1444
# Version bits of MPEG 1.
_MPEG_1 = 3
# Version bits that no MPEG has.
_NO_MPEG = 1
# Layer bits of layer III.
_LAYER_3 = 1


def count_samples(file: BinaryIO) -> int:
    """Samples of a channel in all frames of layer III, found by their headers alone.

    libsndfile estimates the length if the file does not have it, and reads no further than that.
    Frames in the last `_LONGEST` bytes are not counted.
    """
    count, data = 0, b""
    while piece := file.read(_PIECE):
        data, place = data + piece, 0
        while 0 <= (place := data.find(b"\xff", place)) < len(data) - _LONGEST:
            length, samples = _read_header(data[place : place + 3])
            after = place + length
            # Bytes of a tag's picture may look like a header, but no other header follows.
            if length and _read_header(data[after : after + 3])[0]:
                place, count = after, count + samples
            else:
                place += 1
        data = data[place:] if place >= 0 else b""
    return count


@cache
def _read_header(header: bytes) -> tuple[int, int]:
    """Bytes of a frame and samples in it; zeros if this is no header of layer III."""
    if len(header) < 3 or header[0] != 0xFF or header[1] < 0xE0:
        return 0, 0
    mpeg, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kbits, rate = _BIT_RATES[mpeg != _MPEG_1][header[2] >> 4], _RATES[header[2] >> 2 & 3]
    if mpeg == _NO_MPEG or layer != _LAYER_3 or not kbits or not rate:
        return 0, 0
    # MPEG 2 has half the sample rates of MPEG 1, MPEG 2.5 a quarter; both half its samples a frame.
    rate >>= (2, 0, 1, 0)[mpeg]
    samples = 1152 if mpeg == _MPEG_1 else 576
    return samples // 8 * 1000 * kbits // rate + (header[2] >> 1 & 1), samples
