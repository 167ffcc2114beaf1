"""The listening test: what a listener hears, and what the page does not tell."""

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import main
from speechgan.evaluation.conversion import evaluate_conversion
from speechgan.evaluation.listening import write_listening_test
from speechgan.metrics.speaker import trim_silence


def write_folders(root: Path) -> None:
    """Three sentences of a source at 200 Hz, a target at 300 Hz, converted ones at 280 Hz."""
    speech = soundfile.read(Path(__file__).parents[1] / "assets/clean/p228_wind.flac")[0]
    for side, gain in (("source", 0.1), ("target", 1.0), ("converted", 0.5)):
        (root / side).mkdir()
        for number, part in enumerate(np.array_split(speech, 3)):
            soundfile.write(root / side / f"{'abc'[number]}.wav", gain * part, 16000)


def read_trials(page: Path) -> list[dict[str, str]]:
    found = re.search(r"^const trials = (.*);$", page.read_text(), re.MULTILINE)
    assert found
    trials: list[dict[str, str]] = json.loads(found[1])
    return trials


def decode(uri: str) -> np.ndarray:
    data = base64.b64decode(uri.partition("base64,")[2])
    wave: np.ndarray = soundfile.read(io.BytesIO(data))[0]
    return wave


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("listening")
    write_folders(root)
    return root


def test_sounds_are_of_one_level_and_say_another_sentence(folders: Path, tmp_path: Path) -> None:
    given = [folders / side for side in ("converted", "target", "source")]
    found = evaluate_conversion(*given, with_dnsmos=False, workers=1)
    pages = [tmp_path / "one.html", tmp_path / "two.html"]
    for page in pages:
        write_listening_test(found, folders / "source", folders / "target", page, None)
    assert pages[0].read_text() == pages[1].read_text()
    trials = read_trials(pages[0])
    assert len(trials) == 3
    parts = {
        name: soundfile.read(folders / "target" / f"{name}.wav")[0] for name in ("a", "b", "c")
    }
    recordings = set()
    for trial in trials:
        waves = {side: decode(trial[side]) for side in ("x", "a", "b")}
        levels = [float(np.sqrt(np.mean(trim_silence(wave) ** 2))) for wave in waves.values()]
        assert max(levels) < 1.1 * min(levels)
        first, recording = base64.b64decode(trial["key"]).decode().split("\n")
        recordings.add(recording)
        assert first in ("source", "target")
        assert len(waves["x"]) == len(parts[recording])
        said = {
            name
            for name, part in parts.items()
            if len(part) == len(waves["a"]) and np.corrcoef(part, waves["a"])[0, 1] > 0.99
        }
        assert len(said) == 1 and recording not in said
        assert len(waves["a"]) == len(waves["b"])
        assert np.corrcoef(waves["a"], waves["b"])[0, 1] > 0.99  # the same sentence of both
    assert recordings == {"a", "b", "c"}
    outside = pages[0].read_text().replace(json.dumps(trials), "")
    assert not re.search(r"a_is\W+(source|target)", outside)
    assert str(folders) not in pages[0].read_text()


def test_a_name_of_two_lines_does_not_change_what_was_heard(folders: Path, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    for side in ("source", "target", "converted"):
        (tmp_path / side).mkdir()
        shutil.copy(folders / side / "a.wav", tmp_path / side / "new\nline.wav")
    sides = {side: tmp_path / side for side in ("converted", "target", "source")}
    found = evaluate_conversion(**sides, with_dnsmos=False, workers=1)
    page = tmp_path / "listen.html"
    write_listening_test(found, sides["source"], sides["target"], page)
    opener = re.search(r"^function open\(.*?^}$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert opener
    code = f"{opener[0]}; console.log(JSON.stringify(open(process.argv[1])))"
    key = read_trials(page)[0]["key"]
    opened = json.loads(subprocess.check_output([node, "-e", code, key]))
    assert opened["recording"] == "new\nline"
    assert {opened["A"], opened["B"]} == {"source", "target"}


def test_the_command_writes_it_and_says_what_it_needs(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "new" / "listen.html"
    command = ["evaluate", "convert", "--no-dnsmos", "--workers", "1"]
    command += ["--converted", str(folders / "converted"), "--target", str(folders / "target")]
    assert main([*command, "--listen", str(page)]) == 1
    assert "needs --source and --target" in capsys.readouterr().err
    assert not page.exists()
    command += ["--source", str(folders / "source"), "--shown", "2"]
    assert main([*command, "--listen", str(page)]) == 0
    assert len(read_trials(page)) == 2
    printed = capsys.readouterr().out
    assert "verifier's EER" in printed and "kernel distance" in printed


def test_what_was_left_out_of_the_measures_is_not_heard_either(
    folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(folders, tmp_path, dirs_exist_ok=True)
    for number, name in enumerate("abc"):
        (tmp_path / "target" / f"{name}.wav").rename(tmp_path / "target" / f"{number}.wav")
    for name in ("source/d.wav", "converted/d.wav", "target/d.wav"):
        soundfile.write(tmp_path / name, np.zeros(16000), 16000)
    command = ["evaluate", "convert", "--no-dnsmos", "--workers", "1"]
    for side in ("source", "target", "converted"):
        command += [f"--{side}", str(tmp_path / side)]
    assert main([*command, "--listen", str(tmp_path / "l.html")]) == 1
    assert len(read_trials(tmp_path / "l.html")) == 3
    assert "left out: d: " in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_measured_and_shown(folders: Path, tmp_path: Path) -> None:
    for side in ("source", "target", "converted"):
        (tmp_path / side).mkdir()
        shutil.copy(folders / side / "a.wav", tmp_path / side / os.fsdecode(b"a\xff.wav"))
    command = ["evaluate", "convert", "--no-dnsmos", "--workers", "1"]
    for side in ("source", "target", "converted"):
        command += [f"--{side}", str(tmp_path / side)]
    for option, name in (("json", "s.json"), ("csv", "s.csv"), ("report", "r.html")):
        command += [f"--{option}", str(tmp_path / name)]
    assert main([*command, "--listen", str(tmp_path / "l.html")]) == 0
    assert json.loads((tmp_path / "s.json").read_text())["recordings"][0]["name"] == "a\udcff"
    [trial] = read_trials(tmp_path / "l.html")
    assert b"a\xff" in base64.b64decode(trial["key"])
