"""`enhance --stream` and `convert --stream`: from pipe to pipe, as it comes."""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import soundfile

from speechgan import Converter, Enhancer
from speechgan.cli import live
from speechgan.cli.main import main

COMMAND = [sys.executable, "-m", "speechgan", "enhance", "--stream", "-", "--engine", "onnx"]


@pytest.fixture(scope="session")
def onnx_file(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("onnx") / "small.onnx"
    assert main(["export", str(model_folder), "--onnx", str(file)]) == 0
    return file


def make_wav(rate: int, channels: int, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (rate, channels))
    soundfile.write(file, noise, rate, subtype, format="WAV")
    return file.getvalue()


Run = Callable[..., tuple[int, bytes, bytes]]


@pytest.fixture
def run(hear: Run, onnx_file: Path) -> Run:
    """`enhance --stream -` of what is heard, in this process."""
    return lambda data, *options: hear(data, *COMMAND[3:], "--model", onnx_file, *options)


@contextmanager
def start(
    onnx_file: Path, *options: str, heard: int | IO[bytes] = subprocess.PIPE
) -> Iterator[subprocess.Popen[bytes]]:
    """The command, hearing what lies in a pipe or file."""
    command = [*COMMAND, "--model", str(onnx_file), *options]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=heard, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [(16000, 1, "PCM_16"), (48000, 2, "PCM_24"), (8000, 1, "PCM_U8"), (44100, 1, "FLOAT")],
)
def test_a_wav_comes_out_as_the_file_would(
    model_folder: Path, run: Run, rate: int, channels: int, subtype: str
) -> None:
    data = make_wav(rate, channels, subtype)
    code, out, err = run(data)
    assert (code, err) == (0, b"")
    info = soundfile.info(io.BytesIO(out))
    assert (info.samplerate, info.channels, info.frames) == (rate, channels, rate)
    assert info.subtype == subtype
    noisy = soundfile.read(io.BytesIO(data), dtype="float32")[0].T
    expected = Enhancer.from_pretrained(model_folder, "cpu")(noisy, rate)
    found = soundfile.read(io.BytesIO(out))[0].T
    step = {"PCM_U8": 2**-7, "PCM_16": 2**-15}.get(subtype, 2**-20)
    assert np.abs(found - expected).max() <= 1.1 * step


def test_raw_samples_stay_raw_and_settings_hold(run: Run) -> None:
    data = make_wav(16000, 1)[44:]
    raw = "--raw", "s16le:16000"
    assert run(data, *raw, "--strength", "0")[1] == data
    limited = run(data, *raw, "--attenuation-limit", "6")[1]
    assert len(limited) == len(data)
    assert limited != run(data, *raw)[1]


def test_what_was_heard_comes_out_before_more_is_given(onnx_file: Path) -> None:
    with start(onnx_file) as process:
        assert process.stdin and process.stdout
        data = make_wav(16000, 1)
        process.stdin.write(data[: 44 + 2 * 256 * 10])
        process.stdin.flush()
        # All but one hop, while the pipe stays open.
        assert len(process.stdout.read(44 + 2 * 256 * 9)) == 44 + 2 * 256 * 9
        process.stdin.close()
        assert len(process.stdout.read()) == 2 * 256
        assert process.wait() == 0


def test_a_recording_that_breaks_off_is_finished(run: Run) -> None:
    data = make_wav(16000, 2)
    code, out, _ = run(data[: 44 + 4 * 5000 + 3])  # in the middle of a sample
    assert (code, len(out)) == (0, 44 + 4 * 5000)


def test_a_stalled_input_ends_the_stream_with_what_was_heard(onnx_file: Path) -> None:
    # It is there before the command is, which waits for half a second only.
    inner, outer = os.pipe()
    os.write(outer, make_wav(16000, 1)[: 44 + 2 * 3000])
    with start(onnx_file, "--patience", "0.5", heard=inner) as process:
        assert process.stdout and process.stderr
        assert len(process.stdout.read()) == 44 + 2 * 3000
        assert process.wait() == 1
        error = process.stderr.read().decode()
        assert error.count("\n") == 1
        assert "standard input gave nothing for 0.5 s; the stream ends here" in error
    os.close(inner)
    os.close(outer)


def test_a_reader_that_takes_nothing_ends_the_stream(onnx_file: Path, tmp_path: Path) -> None:
    # A file, which is never waited for.
    (tmp_path / "a.wav").write_bytes(make_wav(48000, 2))
    with (
        (tmp_path / "a.wav").open("rb") as file,
        start(onnx_file, "--patience", "0.5", heard=file) as process,
    ):
        assert process.stderr
        assert process.wait(120) == 1
        assert "nobody took standard output for 0.5 s" in process.stderr.read().decode()


def test_a_reader_that_leaves_ends_the_stream_without_a_word(onnx_file: Path) -> None:
    with start(onnx_file) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write(make_wav(16000, 1)[:20000])
        process.stdin.flush()
        process.stdout.read(1000)
        process.stdout.close()
        with pytest.raises(BrokenPipeError):
            for _ in range(1000):
                process.stdin.write(bytes(20000))
                process.stdin.flush()
        assert process.wait() == 1
        assert process.stderr.read() == b""


def test_a_stream_takes_onnx_where_the_model_has_it(
    model_folder: Path, onnx_file: Path, tmp_path: Path, hear: Run
) -> None:
    both = tmp_path / "both"
    shutil.copytree(model_folder, both)
    shutil.copy(onnx_file, both / "model.onnx")
    (both / "model.safetensors").unlink()  # what torch would need
    data = make_wav(16000, 1)
    assert hear(data, *COMMAND[3:-2], "--model", both)[0] == 0
    code, out, _ = hear(data, *COMMAND[3:-2], "--model", model_folder)
    assert (code, len(out)) == (0, len(data))


def test_what_is_no_stream_is_refused(run: Run, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    code, out, err = run(b"no sound at all, but long enough for a header of a WAV file")
    assert (code, out) == (1, b"")
    assert b"-: not WAV; a stream takes WAV" in err
    for wrong in (["a.wav", "--stream"], ["-", "--stream", "-o", "b.wav"]):
        assert main(["enhance", *wrong]) == 1
        err = capfdbinary.readouterr().err
        assert b"--stream: goes from standard input to standard output" in err
    assert main(["enhance", "a.wav", "--raw", "s16le:16000"]) == 1
    assert b"--raw: only with --stream" in capfdbinary.readouterr().err
    for option in (["--raw", "mp3:16000"], ["--patience", "-1"], ["--attenuation-limit", "x"]):
        with pytest.raises(SystemExit, match="2"):
            main(["enhance", "-", "--stream", *option])


def test_a_voice_is_converted_as_it_comes(converter_folder: Path, hear: Run) -> None:
    words = ["convert", "--stream", "--src", "-", "--target-speaker", "p228"]
    words += ["--model", str(converter_folder)]
    data = make_wav(16000, 1)
    # As a program of its own, and as a command of this one.
    command = [*COMMAND[:3], *words]
    done = subprocess.run(command, input=data, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    found, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
    heard = soundfile.read(io.BytesIO(data), dtype="float32")[0]
    stream = Converter.from_pretrained(converter_folder, "cpu").stream(16000, "p228")
    expected = np.concatenate([stream(heard), stream.flush()]).clip(-1, 1)
    assert rate == 16000 and np.abs(found - expected).max() < 1.1 * 2**-15
    _, raw, _ = hear(data[44:], *words, "--raw", "s16le:16000")
    assert np.abs(np.frombuffer(raw, np.int16) / 2**15 - found).max() < 1.1 * 2**-15
    code, _, err = hear(data, *words, "-o", "out.wav")
    assert code == 1 and b"--src is -" in err
    words[words.index("p228")] = "bob"
    code, out, err = hear(data, *words)
    assert (code, out) == (1, b"") and b"no such speaker" in err


def test_an_export_is_not_overwritten_unasked(
    onnx_file: Path, model_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = onnx_file.read_bytes()
    assert main(["export", str(model_folder), "--onnx", str(onnx_file)]) == 1
    assert f"{onnx_file}: exists; use --overwrite" in capsys.readouterr().err
    assert main(["export", str(model_folder), "--onnx", str(onnx_file), "--overwrite"]) == 0
    assert len(onnx_file.read_bytes()) == len(before)


def test_where_pipes_cannot_be_selected_they_are_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on Windows, where select takes sockets alone."""

    def refuse(*_: object) -> None:
        raise OSError("an operation was attempted on something that is not a socket")

    monkeypatch.setattr(live.select, "select", refuse)
    monkeypatch.setattr(live, "_SELECTS_PIPES", False)
    inner, outer = os.pipe()
    live.PipeWriter(outer, 1.0).write(b"x" * 1000)
    os.close(outer)
    assert live.PipeReader(inner, 1.0).read(2000) == b"x" * 1000
    os.close(inner)
