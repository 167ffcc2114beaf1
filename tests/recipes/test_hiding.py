"""recipes/ideas/hiding.py, on the speakers that ship."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_happens_on_the_way_is_measured_by_what_comes_back() -> None:
    script = ROOT / "recipes" / "ideas" / "hiding.py"
    options = ["--data", ROOT / "examples" / "voices", "--models", "voices", "--files", "1"]
    command = [sys.executable, script, *options, "--pair", "p226:kerstin"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    sent = {row[1]: float(row[2]) for row in rows}
    assert sent["nothing"] == 0
    assert 0 < sent["noise in the image at 40 dB"] < sent["noise in the image at 20 dB"]
    # Noise is heard by the analysis beside what the vocoder itself changes.
    assert sent["copied by the vocoder"] < sent["noise at 20 dB"]
    gain = {row[1]: float(row[4]) for row in rows[1:]}
    assert all(abs(value) < 1 for value in gain.values()), "voices hides nothing"


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    script = ROOT / "recipes" / "ideas" / "hiding.py"
    command = [sys.executable, script, "--data", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"{tmp_path}/emodb15/test: holds no recordings" in done.stderr
