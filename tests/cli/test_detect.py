"""`speechgan detect`, and `speechgan convert --watermark`, whose mark it finds."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan import audio
from speechgan.audio.watermark import embed
from speechgan.cli.main import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A marked and an unmarked sound of noise in bursts, and one that is short."""
    rate = 16000
    noise = np.random.default_rng(0).standard_normal(8 * rate) * 0.1
    wave = noise * (0.3 + np.abs(np.sin(9 * np.arange(8 * rate) / rate)))
    audio.write(tmp_path / "marked.flac", embed(wave, rate), rate)
    audio.write(tmp_path / "plain.wav", wave, rate)
    (tmp_path / "deeper").mkdir()
    audio.write(tmp_path / "deeper" / "short.wav", wave[:rate], rate)
    return tmp_path


def test_a_folder_is_told_apart(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", str(folder), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    found = {Path(record["input"]).name: record["watermark"] for record in files}
    assert found == {"marked.flac": True, "plain.wav": False, "short.wav": None}
    assert main(["detect", str(folder)]) == 0
    lines = capsys.readouterr().out
    assert "marked.flac: watermark (score" in lines and "plain.wav: no watermark" in lines
    assert "short.wav: too short to tell" in lines


def test_a_bad_file_is_named_and_the_others_are_heard(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.wav").write_text("not audio")
    assert main(["detect", str(folder / "bad.wav"), str(folder / "marked.flac")]) == 1
    out, err = capsys.readouterr()
    assert "marked.flac: watermark" in out
    assert "bad.wav: not audio" in err and err.count("\n") == 1
    assert main(["detect", str(folder / "absent.wav")]) == 1


def test_a_converted_file_is_marked_if_asked_for(
    converter_folder: Path, voices_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [audio.read(path)[0] for path in sorted((voices_folder / "kerstin").iterdir())]
    source = tmp_path / "a.wav"
    audio.write(source, np.tile(np.concatenate(parts, axis=1), 3), 16000)
    command = ["convert", "--src", str(source), "--target-speaker", "p228"]
    command += ["--model", str(converter_folder), "-o"]
    marked, plain = tmp_path / "marked.wav", tmp_path / "plain.wav"
    assert main([*command, str(marked), "--watermark"]) == main([*command, str(plain)]) == 0
    assert soundfile.info(marked).frames == soundfile.info(source).frames
    capsys.readouterr()
    assert main(["detect", str(marked), str(plain), "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [record["watermark"] for record in files] == [True, False]
    assert files[0]["comment"].startswith("Converted speech")


def test_a_stream_is_not_marked(converter_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["convert", "--stream", "--src", "-", "--target-speaker", "p228", "--watermark"]
    assert main([*command, "--model", str(converter_folder)]) == 1
    assert "--watermark: of files only" in capsys.readouterr().err
