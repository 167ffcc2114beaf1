"""recipes/ideas/hiding.py, on the speakers that ship."""

import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
VOICES = Path(__file__).parents[2] / "examples" / "voices"
RECIPE = "ideas/hiding.py"


def test_what_happens_on_the_way_is_measured_by_what_comes_back(run: Run) -> None:
    options = ["--data", VOICES, "--models", "voices", "--files", "1"]
    done = run(RECIPE, *options, "--pair", "p226:kerstin")
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    sent = {row[1]: float(row[2]) for row in rows}
    assert sent["nothing"] == 0
    assert 0 < sent["noise in the image at 40 dB"] < sent["noise in the image at 20 dB"]
    # Noise is heard by the analysis beside what the vocoder itself changes.
    assert sent["copied by the vocoder"] < sent["noise at 20 dB"]
    gain = {row[1]: float(row[4]) for row in rows[1:]}
    assert all(abs(value) < 1 for value in gain.values()), "voices hides nothing"


def test_a_folder_without_recordings_is_named(run: Run, tmp_path: Path) -> None:
    done = run(RECIPE, "--data", tmp_path)
    assert done.returncode != 0
    assert f"{tmp_path}/emodb15/test: holds no recordings" in done.stderr
