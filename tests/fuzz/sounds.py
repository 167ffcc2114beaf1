"""Damaged and lying sound files, each made from a number; the same number gives the same file."""

import io
import random
import struct
from collections.abc import Callable
from functools import cache

import numpy as np
import soundfile

KINDS = {
    "wav": ("WAV", "PCM_16"),
    "24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "law.wav": ("WAV", "ULAW"),
    "adpcm.wav": ("WAV", "IMA_ADPCM"),
    "extensible.wav": ("WAVEX", "PCM_16"),
    "rf64": ("RF64", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
}
"""Extensions, with something before them where several formats share one; container and subtype."""

RATES = (8000, 16000, 24000, 48000)
SECONDS = 0.6
HOUR = 3600
# What headers say that are wrong: nothing, one, the ends of 16, 31 and 32 bits.
EXTREMES = (0, 1, 2, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)

Mutation = Callable[[random.Random, bytes, str], bytes]


def make_case(number: int) -> tuple[str, bytes]:
    """A file's name, which tells the number, and its content."""
    chance = random.Random(number)
    kind = chance.choice(list(KINDS))
    data = make_sound(kind, chance.choice(RATES), chance.choice((1, 1, 2)))
    mutation = chance.choice(MUTATIONS)
    data = mutation(chance, data, kind)
    if chance.random() < 0.2:
        data = chance.choice((flip, cut, overwrite))(chance, data, kind)
    stem = f"{number:06}_{mutation.__name__}_{kind.replace('.', '_')}"
    return f"{stem}.{kind.rpartition('.')[2]}", data


@cache
def make_sound(kind: str, rate: int, channels: int) -> bytes:
    """A whole file of a buzz, like a voice, in noise."""
    container, subtype = KINDS[kind]
    time = np.arange(round(SECONDS * rate)) / rate
    voice = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 20))
    noise = np.random.default_rng(0).standard_normal((len(time), channels))
    wave = 0.1 * voice[:, None] + 0.01 * noise
    file = io.BytesIO()
    soundfile.write(file, wave, rate, subtype, format=container)
    return file.getvalue()


def keep(chance: random.Random, data: bytes, kind: str) -> bytes:
    """Nothing is wrong."""
    return data


def flip(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A few bits, anywhere."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 30))):
        if damaged:
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def flip_head(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A few bits of the header."""
    return flip(chance, data[:100], kind) + data[100:]


def cut(chance: random.Random, data: bytes, kind: str) -> bytes:
    """The end is missing."""
    return data[: chance.randrange(len(data) + 1)]


def behead(chance: random.Random, data: bytes, kind: str) -> bytes:
    """The beginning is missing."""
    return data[chance.randrange(min(len(data), 200) + 1) :]


def overwrite(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A number of the header has an extreme value."""
    order, (size, code) = chance.choice("<>"), chance.choice(((2, "H"), (4, "I"), (8, "Q")))
    value = chance.choice(EXTREMES) & ((1 << 8 * size) - 1)
    place = chance.randrange(max(1, min(len(data), 120) - size))
    return data[:place] + struct.pack(order + code, value) + data[place + size :]


def insert(chance: random.Random, data: bytes, kind: str) -> bytes:
    """Rubbish in between."""
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.choice((1, 7, 500))) + data[place:]


def repeat(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A part stands twice."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:end] + data[start:]


def join(chance: random.Random, data: bytes, kind: str) -> bytes:
    """The beginning of one format, the end of another."""
    other = make_sound(chance.choice(list(KINDS)), chance.choice(RATES), 1)
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def disguise(chance: random.Random, data: bytes, kind: str) -> bytes:
    """Another format, or none, under this extension."""
    other = make_sound(chance.choice(list(KINDS)), chance.choice(RATES), 1)
    text = b"This is no sound.\n" * 20
    return chance.choice((other, text, b"", bytes(1000), chance.randbytes(1000)))


def claim_an_hour(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A header that speaks of an hour, and a hundred bytes of it."""
    samples = HOUR * 48000
    for mark, skip, code in LENGTHS:
        place = data.find(mark)
        if place >= 0:
            place += len(mark) + skip
            size = struct.calcsize(code)
            data = data[:place] + struct.pack(code, samples) + data[place + size :]
            return data[: place + size + 100]
    return data[:100]


def lie(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A WAV whose numbers do not fit each other: rate, channels, bits, block, extensible parts."""
    rate = chance.choice((0, 1, 999, 16000, 768001, 2**31 - 1, 2**32 - 1))
    channels = chance.choice((0, 1, 2, 255, 1024, 65535))
    bits = chance.choice((0, 1, 8, 12, 16, 24, 32, 64, 65535))
    block = chance.choice((0, 1, 2, 3, channels * bits // 8 & 0xFFFF, 65535))
    code = chance.choice((0, 1, 2, 3, 6, 7, 17, 49, 85, 0xFFFE, 0xFFFF))
    form = struct.pack("<HHIIHH", code, channels, rate, chance.choice(EXTREMES), block, bits)
    if code == 0xFFFE:
        form += struct.pack("<HHI", 22, bits, chance.choice(EXTREMES)) + chance.randbytes(16)
    claimed = chance.choice((0, 1, 3200, 2**31, 2**32 - 1))
    chunks = _chunk(b"fmt ", form) + b"data" + struct.pack("<I", claimed) + chance.randbytes(3200)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def nest(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A WAV with chunks in chunks, of no size, of an odd one, or twice."""
    form = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16))
    sound = _chunk(b"data", chance.randbytes(3200))
    inner = sound
    for _ in range(chance.choice((1, 5, 1000))):
        inner = _chunk(chance.choice((b"LIST", b"RIFF", b"fact", b"data", b"cue ")), inner)
    parts = [form, sound, inner, _chunk(b"LIST", b""), _chunk(b"odd ", b"1"), b"data\0\0\0\0"]
    chance.shuffle(parts)
    body = b"".join(parts[: chance.randrange(1, len(parts) + 1)])
    return (
        b"RIFF" + struct.pack("<I", chance.choice((len(body) + 4, 0, 2**32 - 1))) + b"WAVE" + body
    )


def spoil_samples(chance: random.Random, data: bytes, kind: str) -> bytes:
    """A WAV of floating point with samples that are no numbers, or far too large, or silent."""
    wave = np.zeros(2400, np.float32)
    bad = chance.choice((np.nan, np.inf, -np.inf, 1e38, 1e-42, 0.0))
    wave[chance.randrange(len(wave)) :: chance.choice((1, 7, 2400))] = bad
    form = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    chunks = _chunk(b"fmt ", form) + _chunk(b"data", wave.tobytes())
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


LENGTHS = (
    (b"fLaC", 18, ">Q"),  # the rate goes with it, which makes it a lie as well
    (b"COMM", 6, ">I"),
    (b".snd", 4, ">I"),
    (b"caff", 0, ">I"),
    (b"ds64", 12, "<Q"),
    (b"data\xf3\xac\xd3\x11", 8, "<Q"),
    (b"data", 0, "<I"),
)
"""Where formats keep their length: a mark, bytes after it, and how it is written."""

MUTATIONS: tuple[Mutation, ...] = (
    keep,
    flip,
    flip,
    flip_head,
    flip_head,
    cut,
    behead,
    overwrite,
    overwrite,
    insert,
    repeat,
    join,
    disguise,
    claim_an_hour,
    claim_an_hour,
    lie,
    lie,
    nest,
    spoil_samples,
)
