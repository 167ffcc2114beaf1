"""recipes/enhance/run.sh, run as a user runs it."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[2]
RECIPE = "enhance/run.sh"
PAIRS = ROOT / "tests" / "assets"
TINY = ["generator.channels=4", "generator.bands=8", "generator.hidden=8", "trainer.max_steps=4"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recorded pairs to train and validate on, one to test on."""
    root = tmp_path_factory.mktemp("recipe") / "data"
    for side in ("clean", "noisy"):
        for name, split in (("kerstin_wind", ""), ("p228_wind", ""), ("p228_coffee", "test")):
            (root / side / split).mkdir(parents=True, exist_ok=True)
            shutil.copy(PAIRS / side / f"{name}.flac", root / side / split)
    return root


@pytest.fixture(scope="module")
def finished(run: Run, data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """Arguments of a recipe that has run to its end, below a folder of an awkward name."""
    out = tmp_path_factory.mktemp("out") / "it's a=b, (1)"
    arguments = ["--config", "demo", "--data", data, "--out", out, "--stage", "1", *TINY]
    done = run(RECIPE, *arguments)
    assert done.returncode == 0, done.stderr
    # The table stands at the end of what is printed, as it stands in its file.
    assert done.stdout.endswith((out / "table.md").read_text())
    return arguments


def find_out(arguments: list[str | Path]) -> Path:
    return Path(arguments[arguments.index("--out") + 1])


def test_every_stage_leaves_what_it_promises(finished: list[str | Path]) -> None:
    out = find_out(finished)
    with (out / "manifest.csv").open(newline="") as file:
        splits = [row["split"] for row in csv.DictReader(file)]
    assert sorted(splits) == ["", "", "", "", "test", "test"]
    assert sum(weight.size for weight in load_file(out / "run/best/model.safetensors").values()) > 0
    assert [path.name for path in (out / "enhanced").iterdir()] == ["p228_coffee.flac"]
    scores = json.loads((out / "scores.json").read_text())
    assert len(scores["recordings"]) == 1
    table = (out / "table.md").read_text()
    for side in ("noisy", "enhanced"):
        assert f"| {side} | {scores['mean'][side]['pesq']['mean']:.2f} |" in table
    assert "1 recordings" in table
    assert (out / "report.html").stat().st_size > 10_000


def test_what_is_finished_is_not_done_again(run: Run, finished: list[str | Path]) -> None:
    out = find_out(finished)
    kept = ["run/best/model.safetensors", "enhanced/p228_coffee.flac", "scores.json", "report.html"]
    before = [(out / name).stat().st_mtime_ns for name in kept]
    again = run(RECIPE, *finished)
    assert again.returncode == 0, again.stderr
    assert [(out / name).stat().st_mtime_ns for name in kept] == before


def test_missing_test_pairs_are_named(run: Run, tmp_path: Path) -> None:
    done = run(RECIPE, "--data", PAIRS, "--out", tmp_path, "--stage", "3")
    assert done.returncode == 1
    assert done.stderr.startswith(f"run.sh: error: {PAIRS}: no test pairs")
    assert done.stderr.count("\n") == 1


def test_the_environment_is_checked_first(run: Run, tmp_path: Path) -> None:
    done = run(RECIPE, "--out", tmp_path, "--stop-stage", "0")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "self-test: passed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--stage", "9"], "stage 9: must be from 0 to 5"),
        (["--stage", "4", "--stop-stage", "2"], "--stage 4: comes after --stop-stage 2"),
        (["faster"], "faster: neither an option nor key=value"),
        (["--fast"], "--fast: neither an option nor key=value"),
        (["--data"], "--data: needs a value"),
        (["run.folder=x"], "run.folder=x: is set by --out"),
    ],
)
def test_misuse_is_one_line_and_code_2(run: Run, arguments: list[str], text: str) -> None:
    done = run(RECIPE, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(f"run.sh: error: {text}")
    assert done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_folder_that_is_not_there_is_one_line(run: Run, tmp_path: Path) -> None:
    done = run(RECIPE, "--data", tmp_path / "absent", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith(f"run.sh: error: {tmp_path / 'absent'}: no such folder")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_an_output_that_is_a_file_is_one_line(run: Run, data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    done = run(RECIPE, "--data", data, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith(f"run.sh: error: {tmp_path / 'out'}: cannot be made")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("stage", "text"),
    [(3, "no trained model; run stage 2"), (4, "run stage 3"), (5, "run stage 4")],
)
def test_a_stage_names_the_one_that_it_needs(
    run: Run, data: Path, tmp_path: Path, stage: int, text: str
) -> None:
    done = run(RECIPE, "--data", data, "--out", tmp_path, "--stage", str(stage))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].count(text) == 1
    assert "Traceback" not in done.stderr


def test_a_comparison_has_a_row_for_each_run_and_place(tmp_path: Path) -> None:
    def measured(value: float) -> dict[str, dict[str, float]]:
        keys = ("pesq", "estoi", "si_sdr", "covl", "dnsmos_signal", "dnsmos_overall", "sharpness")
        return {key: {"mean": value} for key in keys}

    for run, places in {"supervised-1": ("pairs", "far"), "supervised_plain-2": ("far",)}.items():
        (tmp_path / run).mkdir()
        for number, place in enumerate(places):
            scores = {"mean": {"noisy": measured(1), "enhanced": measured(2 + number)}}
            (tmp_path / run / f"scores-{place}-valid.json").write_text(json.dumps(scores))
    command = [sys.executable, ROOT / "recipes/enhance/compare.py", tmp_path]
    done = subprocess.run(
        [*command, "--split", "valid"], capture_output=True, text=True, check=True
    )
    rows = [line.strip("| ").split(" | ")[:4] for line in done.stdout.splitlines()[2:]]
    assert rows == [
        ["noisy input", "", "home", "1.000"],
        ["noisy input", "", "away", "1.000"],
        ["supervised only", "1", "home", "2.000"],
        ["supervised only", "1", "away", "3.000"],
        ["supervised, no PESQ or ESTOI term", "2", "away", "2.000"],
    ]
    nothing = subprocess.run(command, capture_output=True, text=True, check=False)
    assert nothing.returncode == 1 and "holds no measured runs" in nothing.stderr


def test_a_report_that_cannot_be_written_ends_the_recipe(
    run_out_of_disk: Run, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "enhanced").mkdir()
    done = run_out_of_disk(RECIPE, "--data", data, "--out", tmp_path, "--stage", "4")
    assert (tmp_path / "scores.json").exists()
    assert done.returncode == 1 and "stage 5" not in done.stderr
