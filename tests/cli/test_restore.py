"""`speechgan restore`: what goes where, and what is refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def restore(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: its code, standard output and error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main(["restore", *map(str, arguments), "--model", "tiny", "--jobs", "1"])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def call(tmp_path: Path) -> Path:
    """A telephone call of two ends."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (8000, 2))
    soundfile.write(tmp_path / "call.wav", noise, 8000)
    return tmp_path / "call.wav"


def test_a_call_comes_out_at_16_khz_beside_itself(call: Path, restore: Run) -> None:
    code, out, err = restore(call)
    assert (code, out) == (0, "")
    assert err.startswith("1 file restored: 1.0 s of audio in ")
    info = soundfile.info(call.with_name("call.restored.wav"))
    assert (info.samplerate, info.channels, info.frames) == (16000, 2, 16000)


def test_folders_and_json(call: Path, tmp_path: Path, restore: Run) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    call.rename(tmp_path / "in" / "deep" / "call.wav")
    (tmp_path / "in" / "bad.wav").write_text("no sound")
    code, out, err = restore(tmp_path / "in", "-o", tmp_path / "out", "--json", "--strength", "0.5")
    report = json.loads(out)
    assert code == 1
    assert "bad.wav" in err
    assert (report["model"], report["strength"]) == ("tiny", 0.5)
    assert [sorted(record)[0] for record in report["files"]] == ["error", "channels"]
    assert (tmp_path / "out" / "deep" / "call.wav").is_file()
    assert not (tmp_path / "out" / "bad.wav").exists()


def test_a_pipe_goes_through(
    call: Path, tmp_path: Path, restore: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Pipe:
        buffer = io.BytesIO(call.read_bytes())

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", Pipe())
    assert restore("-", "-o", tmp_path / "out.wav")[0] == 0
    assert soundfile.info(tmp_path / "out.wav").samplerate == 16000


@pytest.mark.parametrize("strength", ["1.5", "-0.1", "much", "nan"])
def test_a_strength_out_of_range_is_refused(call: Path, restore: Run, strength: str) -> None:
    with pytest.raises(SystemExit):
        restore(call, "--strength", strength)
    assert not call.with_name("call.restored.wav").exists()


def test_what_exists_stays_unless_told(call: Path, restore: Run) -> None:
    target = call.with_name("call.restored.wav")
    target.write_text("mine")
    code, _, err = restore(call)
    assert code == 1
    assert "call.restored.wav: exists; use --overwrite to replace it" in err
    assert target.read_text() == "mine"
    assert restore(call, "--overwrite")[0] == 0
    assert soundfile.info(target).frames == 16000
