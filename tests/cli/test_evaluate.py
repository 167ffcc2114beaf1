import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from speechgan.cli.main import main
from speechgan.utils.errors import SpeechganError

DATA = Path(__file__).parents[1] / "assets"
CLEAN, NOISY = str(DATA / "clean"), str(DATA / "noisy")


def test_it_prints_a_table_and_writes_what_is_asked_for(tmp_path, capsys):
    arguments = ["--clean", CLEAN, "--enhanced", NOISY, "--noisy", NOISY, "--no-dnsmos"]
    outputs = ["--json", str(tmp_path / "new/scores.json"), "--csv", str(tmp_path / "scores.csv")]
    outputs += ["--report", str(tmp_path / "report.html"), "--shown", "1", "--workers", "1"]
    assert main(["evaluate", "enhance", *arguments, *outputs]) == 0
    table = capsys.readouterr().out
    assert "3 recordings, 8.5 s" in table
    assert "PESQ-WB" in table
    assert "+0.00" in table
    scores = json.loads((tmp_path / "new/scores.json").read_text())
    assert scores["mean"]["difference"]["pesq"]["mean"] == 0
    assert len((tmp_path / "scores.csv").read_text().splitlines()) == 4
    assert (tmp_path / "report.html").read_text(encoding="utf-8").count("<audio") == 3


def test_it_fails_if_a_recording_is_left_out(tmp_path, capsys):
    wave, _ = soundfile.read(DATA / "clean" / "p228_wind.flac")
    for folder, second in (("clean", 0 * wave), ("enhanced", wave)):
        (tmp_path / folder).mkdir()
        soundfile.write(tmp_path / folder / "a.wav", wave, 16000)
        soundfile.write(tmp_path / folder / "quiet.wav", second, 16000)
    folders = ["--clean", str(tmp_path / "clean"), "--enhanced", str(tmp_path / "enhanced")]
    assert main(["evaluate", "enhance", *folders, "--no-dnsmos", "--workers", "1"]) == 1
    captured = capsys.readouterr()
    assert "1 recording, " in captured.out
    assert captured.err.count("\n") == 1
    assert "left out: quiet: " in captured.err


def test_what_was_measured_is_printed_even_if_it_cannot_be_written(tmp_path, monkeypatch, capsys):
    def fail(path, content):
        raise SpeechganError(f"{path}: cannot be written (No space left on device)")

    monkeypatch.setattr("speechgan.evaluation.tables.write_file", fail)
    arguments = ["--clean", CLEAN, "--enhanced", NOISY, "--no-dnsmos", "--workers", "1"]
    assert main(["evaluate", "enhance", *arguments, "--json", str(tmp_path / "a.json")]) == 1
    captured = capsys.readouterr()
    assert "PESQ-WB" in captured.out and "No space left" in captured.err


def test_errors_are_one_line(capsys, tmp_path):
    folders = ["--clean", CLEAN, "--enhanced", str(tmp_path)]
    assert main(["evaluate", "enhance", *folders]) == 1
    assert capsys.readouterr().err == f"speechgan: error: {tmp_path}: no audio files in it\n"


def test_an_output_that_cannot_be_written_is_said_before_measuring(capsys, tmp_path):
    folders = ["--clean", "nowhere", "--enhanced", "nowhere"]
    assert main(["evaluate", "enhance", *folders, "--json", str(tmp_path)]) == 1
    assert "a folder stands there" in capsys.readouterr().err


def test_two_outputs_of_one_name_are_refused_before_measuring(capsys, tmp_path):
    path = str(tmp_path / "scores")
    folders = ["--clean", "nowhere", "--enhanced", "nowhere"]
    assert main(["evaluate", "enhance", *folders, "--json", path, "--csv", path]) == 1
    error = capsys.readouterr().err
    assert (
        error
        == f"speechgan: error: {path}: is named for two outputs; give each a file of its own\n"
    )


@pytest.mark.parametrize("option", ["--workers", "--shown"])
def test_counts_must_be_counts(capsys, option):
    with pytest.raises(SystemExit):
        main(["evaluate", "enhance", "--clean", CLEAN, "--enhanced", NOISY, option, "0"])
    assert "'0' is not a whole number from 1" in capsys.readouterr().err


def test_neither_help_nor_measuring_loads_torch():
    code = (
        "import sys; from speechgan.cli import evaluate; import argparse;"
        "evaluate.configure(argparse.ArgumentParser()); assert 'numpy' not in sys.modules;"
        "import speechgan.evaluation.enhancement; assert 'torch' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
