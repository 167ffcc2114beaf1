"""Sound files: formats, hostile files, whole-or-nothing writing."""

import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from speechgan import audio
from speechgan.utils.errors import SpeechganError

RATE = 16000


def make_noise(channels: int = 2, samples: int = 5000, level: float = 0.2) -> np.ndarray:
    return np.random.default_rng(1).uniform(-level, level, (channels, samples)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "subtype", "step"),
    [
        ("a.wav", "PCM_16", 2**-15),
        ("a.wav", "PCM_24", 2**-23),
        ("a.wav", "PCM_U8", 2**-7),
        ("a.wav", "FLOAT", 0),
        ("a.flac", "PCM_24", 2**-23),
        ("a.aiff", "PCM_16", 2**-15),
        ("a.w64", "PCM_16", 2**-15),
    ],
)
def test_written_samples_are_the_nearest_the_format_has(
    tmp_path: Path, name: str, subtype: str, step: float
) -> None:
    wave = make_noise()
    audio.write(
        tmp_path / name, wave, 44100, audio.Format(audio.CONTAINERS[Path(name).suffix], subtype)
    )
    read, rate = soundfile.read(tmp_path / name, dtype="float64")
    assert rate == 44100
    assert soundfile.info(tmp_path / name).subtype == subtype
    assert np.abs(read.T - wave).max() <= step / 2


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_U8", "ULAW", "ALAW"])
def test_integers_clip_and_do_not_wrap(tmp_path: Path, subtype: str) -> None:
    wave = np.array([1.5, -1.5, 0.25, 1.0, -1.0])
    audio.write(tmp_path / "a.wav", wave, RATE, audio.Format("WAV", subtype))
    read, _ = soundfile.read(tmp_path / "a.wav")
    assert read == pytest.approx([1, -1, 0.25, 1, -1], abs=0.03)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(SpeechganError, match=r"pipe\.wav: a pipe or a device, not a file"):
        audio.read(tmp_path / "pipe.wav")
    with pytest.raises(SpeechganError, match="/dev/null: a pipe or a device"):
        audio.read("/dev/null")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_read_and_written(tmp_path: Path) -> None:
    source, target = (tmp_path / os.fsdecode(name) for name in (b"a\xff.wav", b"b\xff.flac"))
    audio.write(source, make_noise(), RATE)
    audio.write(target, *audio.read(source))
    assert audio.read(target)[0] == pytest.approx(make_noise(), abs=2**-15)


def test_floating_point_goes_beyond_full_scale(tmp_path: Path) -> None:
    audio.write(tmp_path / "a.wav", np.array([1.5, -1.5]), RATE, audio.Format("WAV", "FLOAT"))
    assert soundfile.read(tmp_path / "a.wav")[0].tolist() == [1.5, -1.5]


@pytest.mark.parametrize(
    ("name", "like", "expected"),
    [
        ("a.wav", ("WAVEX", "PCM_24"), ("WAVEX", "PCM_24")),
        ("a.flac", ("WAV", "FLOAT"), ("FLAC", "PCM_24")),
        ("a.flac", ("WAV", "PCM_16"), ("FLAC", "PCM_16")),
        ("a.wav", ("OGG", "VORBIS"), ("WAV", "PCM_16")),
        ("a.wav", ("MP3", "MPEG_LAYER_III"), ("WAV", "PCM_16")),
        ("a.mp3", ("MP3", "MPEG_LAYER_III"), ("MP3", "MPEG_LAYER_III")),
        ("a.WAV", ("FLAC", "PCM_24"), ("WAV", "PCM_24")),
        ("a.opus", ("WAV", "PCM_16"), ("OGG", "OPUS")),
        ("a.wav", ("WAV", "IMA_ADPCM"), ("WAV", "PCM_16")),
    ],
)
def test_the_format_stays_as_close_as_the_container_allows(
    name: str, like: tuple[str, str], expected: tuple[str, str]
) -> None:
    assert audio.choose_format(Path(name), audio.Format(*like)) == audio.Format(*expected)


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg", "a.opus"])
def test_lossy_files_are_read_with_their_length(tmp_path: Path, name: str) -> None:
    time = np.arange(48000) / 48000
    audio.write(tmp_path / name, 0.5 * np.sin(2 * np.pi * 440 * time), 48000)
    wave, rate = audio.read(tmp_path / name)
    assert wave.shape == (1, 48000)
    assert rate == 48000
    spectrum = np.abs(np.fft.rfft(wave[0, 4800:-4800]))
    assert np.fft.rfftfreq(38400, 1 / 48000)[spectrum.argmax()] == pytest.approx(440, abs=2)


def test_blocks_are_the_file_in_order(tmp_path: Path) -> None:
    wave = make_noise(3, 1000)
    soundfile.write(tmp_path / "a.wav", wave.T, RATE, subtype="FLOAT")
    with audio.Reader(tmp_path / "a.wav") as reader:
        blocks = list(reader.blocks(300))
        again = list(reader.blocks(300))
    assert [block.shape for block in blocks] == [(3, 300)] * 3 + [(3, 100)]
    assert np.array_equal(np.concatenate(blocks, 1), wave)
    assert np.array_equal(np.concatenate(again, 1), wave)


@pytest.mark.parametrize("dtype", ["int16", "int32"])
def test_samples_of_every_integer_format_survive_reading_and_writing(
    tmp_path: Path, dtype: str
) -> None:
    limits = np.iinfo(dtype)
    samples = np.random.default_rng(2).integers(limits.min, limits.max, 20000, dtype, endpoint=True)
    samples[:2] = limits.min, limits.max
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype=f"PCM_{limits.bits}")
    with audio.Reader(tmp_path / "a.wav") as reader:
        (block,) = reader.blocks(20000, "float64")
        audio.write(tmp_path / "b.wav", block, RATE, reader.format)
    assert np.array_equal(soundfile.read(tmp_path / "b.wav", dtype=dtype)[0], samples)


def make_hostile(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("This is no sound at all.\n" * 50)
    elif kind == "folder":
        path.mkdir()
    elif kind == "dangling":
        path.symlink_to(folder / "gone.wav")
    elif kind == "samples":
        soundfile.write(path, np.zeros((0, 1)), RATE)
    elif kind == "raw":
        path = folder / "raw.raw"
        path.write_bytes(bytes(1000))
    return path


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("missing", "no such file"),
        ("empty", "an empty file"),
        ("text", "not audio"),
        ("folder", "a folder"),
        ("dangling", "a link to a file that is gone"),
        ("samples", "holds no samples"),
        ("raw", "not audio"),
    ],
)
def test_a_hostile_file_is_named_with_the_reason_in_one_line(
    tmp_path: Path, kind: str, reason: str
) -> None:
    path = make_hostile(tmp_path, kind)
    with pytest.raises(SpeechganError) as caught:
        audio.read(path)
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_named_with_its_time(tmp_path: Path, bad: float) -> None:
    wave = make_noise(2, 3 * RATE)
    wave[1, 2 * RATE] = bad
    wave[0, 2 * RATE + 5] = bad
    soundfile.write(tmp_path / "a.wav", wave.T, RATE, subtype="FLOAT")
    with audio.Reader(tmp_path / "a.wav") as reader, pytest.raises(SpeechganError) as caught:
        list(reader.blocks(1000))
    assert f"{tmp_path / 'a.wav'}: a sample is NaN or infinite at 2.000 s" in str(caught.value)


def test_samples_that_nothing_can_be_made_of_are_named(tmp_path: Path) -> None:
    wave = np.array([0.5, 2.0**31, 1e30])  # the second may be an integer kept as floating point
    soundfile.write(tmp_path / "a.wav", wave[:2], 1000, subtype="FLOAT")
    assert audio.read(tmp_path / "a.wav")[0].max() == 2.0**31
    soundfile.write(tmp_path / "a.wav", wave, 1000, subtype="FLOAT")
    with pytest.raises(SpeechganError, match=r"a\.wav: a sample is far too large at 0\.002 s"):
        audio.read(tmp_path / "a.wav")


def test_a_header_with_an_impossible_rate_is_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 7)
    with pytest.raises(SpeechganError, match=r"a\.wav: says that its sample rate is 7 Hz"):
        audio.read(tmp_path / "a.wav")


def test_a_flac_that_cannot_go_back_to_its_start_is_damaged(tmp_path: Path) -> None:
    """Found by flipping bits: libsndfile opens it, and fails when it is told to begin anew."""
    path = tmp_path / "a.flac"
    soundfile.write(path, make_noise(1, RATE).T, RATE)
    content = bytearray(path.read_bytes())
    content[42:] = bytes(len(content) - 42)
    path.write_bytes(content)
    with pytest.raises(SpeechganError, match=r"a\.flac: (damaged|not audio)"):
        audio.read(path)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3"])
def test_a_file_cut_short_is_damaged(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, make_noise(1, 5 * RATE).T, RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SpeechganError, match=rf"{name}: damaged after \d\.\d+ s of 5\.000 s"):
        audio.read(path)


def test_an_mp3_that_does_not_say_how_long_it_is_is_read_to_its_end(tmp_path: Path) -> None:
    """As ffmpeg writes into a pipe; the length is guessed from the size, with tags at the end."""
    path = tmp_path / "a.mp3"
    wave = make_noise(1, 3 * RATE)
    soundfile.write(path, wave.T, RATE, bitrate_mode="CONSTANT", compression_level=0.9)
    content = path.read_bytes()
    assert b"Xing" not in content and b"Info" not in content
    path.write_bytes(content + b"TAG" + bytes(1500))
    with audio.Reader(path) as reader:
        guess = reader.samples
        read = np.concatenate(list(reader.blocks(1000)), 1)
        assert read.shape[1] == reader.samples < guess
    assert 0 <= read.shape[1] - 3 * RATE < 2 * 1152


def test_a_wav_of_unknown_length_from_a_pipe_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    wave = make_noise(1, RATE)
    soundfile.write(path, wave.T, RATE, subtype="FLOAT")
    content = bytearray(path.read_bytes())
    for position in (4, content.index(b"data") + 4):
        content[position : position + 4] = b"\xff" * 4
    path.write_bytes(content)
    assert np.array_equal(audio.read(path)[0], wave)


@pytest.mark.parametrize(("name", "kind"), [("a.wav", "WAV"), ("a.aiff", "AIFF")])
def test_what_a_header_cannot_count_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    """Of 4.3 GB of AIFF, libsndfile's header says that they are 33 MB."""
    monkeypatch.setattr("speechgan.audio.writing._LARGEST", 5000)
    with pytest.raises(SpeechganError, match=rf"{name}: {kind} holds no more than 4 GB; write"):
        audio.write(tmp_path / name, make_noise(), RATE)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_a_part_beyond_the_end_is_empty(tmp_path: Path, name: str) -> None:
    audio.write(tmp_path / name, make_noise(), RATE)
    with audio.Reader(tmp_path / name) as reader:
        assert [reader.cut(start, 10).shape for start in (4995, 5000, 6000)] == [
            (2, 5),
            (2, 0),
            (2, 0),
        ]


def make_mp3(path: Path, wave: np.ndarray, **settings: Any) -> bytes:
    soundfile.write(path, wave.T, RATE, **settings)
    return path.read_bytes()


def test_an_mp3_of_which_a_part_would_be_read_is_to_be_converted(tmp_path: Path) -> None:
    """Its length is guessed from the first frame, or said by the first of two that were joined."""
    path = tmp_path / "a.mp3"
    wave = make_noise(1, 20 * RATE)
    wave[:, 10 * RATE :] = 0
    variable = make_mp3(path, wave, bitrate_mode="VARIABLE", compression_level=0.3)
    first = variable.index(b"\xff\xf3", variable.index(b"Xing"))
    constant = make_mp3(path, wave, bitrate_mode="CONSTANT")
    picture = b"ID3\x03\0\0\0\0\x0f\x7f" + bytes(range(256)) * 8
    for content, seconds in ((variable[first:], 7), (variable * 2, 20), (constant * 2, 20)):
        path.write_bytes(content)
        message = rf"a\.mp3: holds more than the {seconds} s that would be read .*: ffmpeg -i "
        with pytest.raises(SpeechganError, match=message):
            audio.read(path)
    for content in (variable, constant, picture + constant):
        path.write_bytes(content)
        assert audio.read(path)[0].shape[1] >= 20 * RATE


def test_an_mp3_that_seems_longer_than_it_is_is_to_be_converted(tmp_path: Path) -> None:
    """Where bit rates vary, and the first frame has a low one, its length is guessed too long."""
    path = tmp_path / "a.mp3"
    wave = make_noise(1, 20 * RATE)
    wave[:, : 10 * RATE] = 0
    content = make_mp3(path, wave, bitrate_mode="VARIABLE", compression_level=0.3)
    path.write_bytes(content[content.index(b"\xff\xf3", content.index(b"Xing")) :])
    message = r"a\.mp3: damaged after 20\.\d+ s of .* or does not say how long .*: ffmpeg -i "
    with pytest.raises(SpeechganError, match=message):
        audio.read(path)


def test_a_flac_of_unknown_length_from_a_pipe_is_to_be_converted(tmp_path: Path) -> None:
    """Its last samples libsndfile cannot read."""
    path = tmp_path / "a.flac"
    soundfile.write(path, make_noise(1, RATE).T, RATE)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(SpeechganError, match=r"a\.flac: does not say how long .*: ffmpeg -i "):
        audio.read(path)


def test_two_who_write_one_file_at_a_time_do_not_mix(tmp_path: Path) -> None:
    path, first, second = tmp_path / "a.wav", make_noise(), make_noise(2, 3 * RATE)
    with audio.Writer(path, RATE, 2) as one, audio.Writer(path, RATE, 2) as other:
        one.write(first)
        other.write(second)
    assert soundfile.info(path).frames == first.shape[1]  # the one that was complete last
    assert os.listdir(tmp_path) == ["a.wav"]


def test_a_failure_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    audio.write(path, make_noise(), RATE)
    before = path.read_bytes()
    for failure in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(failure), audio.Writer(path, RATE, 2) as writer:
            writer.write(make_noise())
            raise failure
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("extension", ["wav", "flac", "ogg"])
def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path, extension: str) -> None:
    # A limit on the size of files meets a writer as a full disk does: a part is taken, the rest
    # refused. In a process of its own, since it holds for all files.
    path = tmp_path / f"a.{extension}"
    script = (
        "import numpy, sys\n"
        "from speechgan import audio\n"
        "from speechgan.utils.errors import SpeechganError\n"
        "noise = numpy.random.default_rng(0).uniform(-1, 1, (2, 200000))\n"
        "try:\n"
        "    audio.write(sys.argv[1], noise, 48000)\n"
        "except SpeechganError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{path}: cannot be written (File too large); free some space")
    assert done.stderr == ""
    assert os.listdir(tmp_path) == []


def test_a_target_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpeechganError, match=r"file/a\.wav: cannot be written \(.+\); free"):
        audio.write(tmp_path / "file" / "a.wav", make_noise(), RATE)
    with pytest.raises(SpeechganError, match=r"a\.m4a: cannot write files named \*\.m4a; use one"):
        audio.write(tmp_path / "a.m4a", make_noise(), RATE)
    with pytest.raises(SpeechganError, match=r"a\.mp3: MP3 .* does not take 2 channels at 96000"):
        audio.write(tmp_path / "a.mp3", make_noise(), 96000)
    assert os.listdir(tmp_path) == ["file"]


def test_a_writer_that_is_interrupted_while_it_opens_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(soundfile, "SoundFile", interrupt)
    with pytest.raises(KeyboardInterrupt):
        audio.Writer(tmp_path / "a.wav", 16000, 1)
    assert not any(tmp_path.iterdir())


def test_the_command_that_converts_can_be_typed(tmp_path: Path) -> None:
    path = tmp_path / "my talk.m4a"
    path.write_text("no sound")
    with pytest.raises(SpeechganError) as caught:
        audio.Reader(path)
    command = shlex.split(str(caught.value).partition("for example: ")[2])
    assert command == ["ffmpeg", "-i", str(path), "my talk.converted.wav"]


TOLD_TO_END = """
import contextlib, sys
from speechgan import audio

told = [KeyboardInterrupt()]

@contextlib.contextmanager
def end_after():
    yield
    if told:
        raise told.pop()

audio.writing.put_off_interrupts = end_after
try:
    audio.Writer(sys.argv[1], 16000, 1)
except KeyboardInterrupt:
    print("ended")
"""


def test_a_writer_that_is_told_to_end_while_it_opens_leaves_nothing_and_says_nothing(tmp_path):
    command = [sys.executable, "-c", TOLD_TO_END, str(tmp_path / "a.wav")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr, list(tmp_path.iterdir())) == ("ended\n", "", [])


def test_a_recorder_that_was_cut_off_left_more_than_its_header_says(tmp_path):
    path = tmp_path / "cut off.wav"
    soundfile.write(path, 0.1 * np.ones(16000), 16000)
    data = bytearray(path.read_bytes())
    data[40:44] = bytes(4)  # of the part that holds the samples, its length
    path.write_bytes(data)
    with pytest.raises(SpeechganError, match=r"cut off; convert it first, .* ffmpeg -i '.*'"):
        audio.Reader(path)
    path.write_bytes(data[:44])
    with pytest.raises(SpeechganError, match="holds no samples; leave it out"):
        audio.Reader(path)
