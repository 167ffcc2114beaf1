"""Samples in pipes, against libsndfile."""

import io
import struct

import numpy as np
import pytest
import soundfile

from speechgan.audio.pcm import Pcm, read_header
from speechgan.utils.errors import SpeechganError

SUBTYPES = {
    "u8": "PCM_U8",
    "s16le": "PCM_16",
    "s24le": "PCM_24",
    "s32le": "PCM_32",
    "f32le": "FLOAT",
    "f64le": "DOUBLE",
}


def make_wav(subtype: str, container: str = "WAV", channels: int = 3) -> tuple[bytes, np.ndarray]:
    """A file of libsndfile's, and what libsndfile reads from it."""
    wave = np.random.default_rng(0).uniform(-1, 1, (1001, channels))
    file = io.BytesIO()
    soundfile.write(file, wave, 44100, subtype, format=container)
    return file.getvalue(), soundfile.read(io.BytesIO(file.getvalue()), dtype="float32")[0].T


@pytest.mark.parametrize("encoding", SUBTYPES)
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
def test_it_reads_what_libsndfile_writes_and_writes_it_back(encoding: str, container: str) -> None:
    data, expected = make_wav(SUBTYPES[encoding], container)
    pipe = io.BytesIO(data)
    pcm, length = read_header(pipe.read)
    assert (pcm.encoding, pcm.sample_rate, pcm.channels) == (encoding, 44100, 3)
    assert length == 1001 * pcm.step
    samples = pipe.read(length)
    wave = pcm.decode(samples)
    assert wave.dtype == np.float32
    assert np.array_equal(wave, expected)
    if encoding != "f64le":  # more than float32 holds
        exact = pcm.encode(wave)
        steps = 2**8 if encoding == "s32le" else 0
        kind = {"s32le": "<i4"}.get(encoding, "u1")
        a, b = (np.frombuffer(x, kind).astype(int) for x in (samples, exact))
        assert np.abs(a - b).max() <= steps


@pytest.mark.parametrize("encoding", SUBTYPES)
def test_libsndfile_reads_what_it_writes(encoding: str) -> None:
    wave = np.random.default_rng(1).uniform(-1, 1, (2, 501)).astype(np.float32)
    pcm = Pcm(encoding, 8000, 2)
    samples = pcm.encode(wave)
    # The length is right where it is known, and whatever it takes where it is not.
    for length in (len(samples), None):
        found, rate = soundfile.read(io.BytesIO(pcm.header(length) + samples))
        assert rate == 8000
        assert np.abs(found.T - wave).max() <= {"u8": 2**-7, "s16le": 2**-15}.get(encoding, 2**-22)


def test_what_exceeds_full_scale_is_clipped_and_not_wrapped() -> None:
    wave = np.array([[-2.0, -1.0, 1.0, 2.0]], np.float32)
    for encoding in ("u8", "s16le", "s24le", "s32le"):
        pcm = Pcm(encoding, 8000)
        assert np.allclose(pcm.decode(pcm.encode(wave)), [[-1, -1, 1, 1]], atol=0.01)
    floats = Pcm("f32le", 8000)
    assert np.array_equal(floats.decode(floats.encode(wave)), wave)


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFF000])
def test_recorders_do_not_know_the_length(size: int) -> None:
    header = bytearray(Pcm("s16le", 16000).header(None))
    header[40:44] = struct.pack("<I", size)
    assert read_header(io.BytesIO(bytes(header)).read) == (Pcm("s16le", 16000), None)


def test_other_chunks_are_passed_over() -> None:
    data, _ = make_wav("PCM_16")
    odd = struct.pack("<4sI", b"LIST", 3) + b"abc\0"
    pcm, length = read_header(io.BytesIO(data[:12] + odd + data[12:]).read)
    assert (pcm.encoding, length) == ("s16le", 1001 * 6)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not WAV"),
        (b"no sound at all", "not WAV"),
        (make_wav("PCM_16")[0][:20], "a WAV that ends before its samples"),
        (make_wav("ULAW", channels=1)[0], "a WAV that is not plain PCM"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "a WAV without a format"),
        (Pcm("s16le", 7).header(None), "a WAV of 1 channels at 7 Hz"),
        (Pcm("u8", 16000, 60000).header(None), "a WAV of 60000 channels at 16000 Hz"),
    ],
)
def test_what_is_no_wav_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(SpeechganError, match=f"-: {problem}; a stream takes WAV of 8 to 32 bits"):
        read_header(io.BytesIO(data).read)


def test_a_chunk_that_lies_about_its_length_is_not_kept() -> None:
    class Endless(io.RawIOBase):
        """Gives what was asked for, 200 MB in all, and notes the most that was asked at once."""

        left, most = 200_000_000, 0

        def read(self, count: int = -1) -> bytes:
            self.most = max(self.most, count)
            given = min(count, self.left)
            self.left -= given
            return bytes(given)

    start = io.BytesIO(b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"LIST", 0xFFFFFFFE))
    endless = Endless()
    with pytest.raises(SpeechganError, match="a WAV that ends before its samples"):
        read_header(lambda count: start.read(count) or endless.read(count))
    assert endless.left == 0 and endless.most < 2**20


def test_formats_are_read_from_the_command_line() -> None:
    assert Pcm.parse("s16le:16000") == Pcm("s16le", 16000, 1)
    assert Pcm.parse("f32le:48000:2") == Pcm("f32le", 48000, 2)
    for text in ("", "s16le", "mp3:16000", "s16le:16000:2:1"):
        with pytest.raises(ValueError, match="not ENCODING:RATE"):
            Pcm.parse(text)
    for text in ("s16le:0", "s16le:16000:0", "s16le:16k"):
        with pytest.raises(ValueError, match="whole numbers above 0"):
            Pcm.parse(text)
    # As a WAV may say: more than that takes all of the memory before a sample is heard.
    for text in ("s16le:999", "s16le:48000000", "s16le:16000:1025"):
        with pytest.raises(ValueError, match="1000 to 768000, and the channels 1024 at most"):
            Pcm.parse(text)
