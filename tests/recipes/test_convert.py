"""recipes/convert/run.sh, run as a user runs it."""

import importlib.util
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import main
from speechgan.training.compose import compose

Run = Callable[..., subprocess.CompletedProcess[str]]
DryRun = Callable[..., tuple[subprocess.CompletedProcess[str], list[list[str]]]]
ROOT = Path(__file__).parents[2]
RECIPE = "convert/run.sh"
ROWS = runpy.run_path(str(ROOT / "recipes" / "convert" / "compare.py"))["ROWS"]
QUICK = ("--no-dnsmos", "--workers", "1")
TINY = [
    *("generator.channels=4", "generator.code=2", "generator.blocks=1", "discriminator.width=0.02"),
    *("trainer.max_steps=2", "trainer.accelerator=cpu", "features.f0=dio", "data.frames=32"),
    "data.workers=1",
]


@pytest.fixture(scope="module")
def data(voices_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginnings of two sentences of each of two speakers to train on, of one to test on."""
    root = tmp_path_factory.mktemp("data")
    for speaker in ("kerstin", "p228"):
        for number, path in enumerate(sorted((voices_folder / speaker).iterdir())[:3]):
            folder = root / speaker / ("test" if number == 2 else "train")
            folder.mkdir(parents=True, exist_ok=True)
            wave, rate = soundfile.read(path)
            soundfile.write(folder / f"{number}.wav", wave[: int(1.2 * rate)], rate)
    return root


@pytest.fixture(scope="module")
def finished(run: Run, data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str | Path]:
    """Arguments of a recipe that has run to its end, below a folder of an awkward name."""
    out = tmp_path_factory.mktemp("out") / "it's a=b, (1)"
    arguments = ["--data", data, "--out", out, "--stage", "1", *TINY]
    done = run(RECIPE, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith((out / "table.md").read_text())
    return arguments


def test_every_stage_leaves_what_it_promises(finished: list[str | Path]) -> None:
    out = Path(finished[3])
    assert (out / "speakers.txt").read_text().splitlines()[1].split()[0] == "kerstin"
    assert (out / "run" / "best" / "speakers.json").exists()
    for pair in ("kerstin-p228", "p228-kerstin"):
        assert [path.name for path in (out / "converted" / pair).iterdir()] == ["2.wav"]
        scores = json.loads((out / "scores" / f"{pair}.json").read_text())["mean"]
        assert (
            f"| {pair} | {scores['source']['mcd']['mean']:.2f} |" in (out / "table.md").read_text()
        )
        assert (out / "scores" / f"{pair}.html").stat().st_size > 10_000


def test_what_is_finished_is_not_done_again(run: Run, finished: list[str | Path]) -> None:
    out = Path(finished[3])
    kept = [
        "run/best/model.safetensors",
        "converted/kerstin-p228/2.wav",
        "scores/kerstin-p228.json",
    ]
    before = [(out / name).stat().st_mtime_ns for name in kept]
    again = run(RECIPE, *finished)
    assert again.returncode == 0, again.stderr
    assert [(out / name).stat().st_mtime_ns for name in kept] == before
    # Newer weights make everything after them out of date.
    (out / "run" / "best" / "model.safetensors").touch()
    again = run(RECIPE, *finished, "--stage", "3", "--pairs", "kerstin:p228")
    assert again.returncode == 0, again.stderr
    assert all((out / name).stat().st_mtime_ns > t for name, t in zip(kept, before, strict=True))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--data", "/nowhere"], "no such folder; give the recordings with --data"),
        (["--stage", "7"], "must be from 0 to 5"),
        (["--pairs", "anna"], "must be SOURCE:TARGET"),
        (["data.root=x"], "is set by --out, --data and --config"),
        (["--surprise"], "neither an option nor key=value"),
    ],
)
def test_mistakes_are_one_line(run: Run, arguments: list[str], text: str) -> None:
    done = run(RECIPE, *arguments)
    assert done.returncode != 0 and text in done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("run.sh: error: ")


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    """recipes/convert/compare.py, whose commands run in this process: half a minute less."""
    path = ROOT / "recipes" / "convert" / "compare.py"
    spec = importlib.util.spec_from_file_location("compare", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["compare"] = module  # where its dataclass looks
    spec.loader.exec_module(module)
    yield module
    del sys.modules["compare"]


def test_systems_are_compared_at_equal_time(
    compare: ModuleType, data: Path, tmp_path: Path, monkeypatch
) -> None:
    commands: list[str] = []

    def run_here(*words: object, made: Path | None = None) -> None:
        commands.append(str(words[0]))
        quick = QUICK if words[0] == "evaluate" else ()
        assert main([*map(str, words), *quick]) == 0

    monkeypatch.setattr(compare, "speechgan", run_here)
    # What a pilot has left that was broken off is no hindrance.
    (tmp_path / "shared_latent" / "all" / "pilot" / "best").mkdir(parents=True)
    # The rows' own settings say how long to train.
    tiny = [word for word in TINY if not word.startswith("trainer.max_steps")]
    words = ["--data", data, "--out", tmp_path, "--hours", "0.0002", "--pairs", "kerstin:p228"]
    words += ["--systems", "untrained,shared_latent", *tiny]
    monkeypatch.setattr(sys, "argv", ["compare.py", *map(str, words)])
    compare.main()
    # Of the trained row a few steps first, which show the pace.
    once = ["train", "convert", "evaluate"]
    assert commands == [*once, "train", *once]
    head, _, untrained, trained = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in (tmp_path / "table.md").read_text().splitlines()
    )
    assert untrained[0] == "untrained network" and len(head) == len(untrained) == len(trained)
    steps = head.index("steps")
    assert untrained[steps] == "1" and 1 <= int(trained[steps]) < 600
    assert float(trained[head.index("MCD, dB")]) > 1
    # A floor is fitted once, however long the others train.
    commands.clear()
    words = [*words[:8], "--systems", "statistics", "features.f0=dio"]
    monkeypatch.setattr(sys, "argv", ["compare.py", *map(str, words)])
    compare.main()
    assert commands == once
    assert (tmp_path / "table.md").read_text().splitlines()[2].split("|")[steps + 1].strip() == "0"


def test_a_number_of_steps_takes_the_place_of_time(
    compare: ModuleType, tmp_path: Path, monkeypatch
) -> None:
    commands: list[tuple[str, ...]] = []
    monkeypatch.setattr(
        compare, "speechgan", lambda *words, **_: commands.append(tuple(map(str, words)))
    )
    arguments = SimpleNamespace(data=tmp_path, out=tmp_path, hours=1.0, steps=7, settings=[])
    compare.train(compare.ROWS["shallow"], ["kerstin", "p228"], tmp_path, arguments)
    (training,) = commands  # none before it that shows a pace
    assert training[:2] == ("train", "convert") and "trainer.max_steps=7" in training
    monkeypatch.setattr(sys, "argv", ["compare.py", "--data", str(tmp_path), "--steps", "0"])
    with pytest.raises(SystemExit):
        compare.main()


def test_curves_are_losses_over_hours(tmp_path: Path, monkeypatch, capsys) -> None:
    lines = [
        {"step": 50, "seconds_per_step": 36.0},
        {"step": 50, "valid/score": -8.0},
        {"step": 150, "seconds_per_step": 18.0},
        {"step": 150, "valid/score": -7.5},
    ]
    run = tmp_path / "runs" / "cyclegan_vc" / "all" / "run"
    run.mkdir(parents=True)
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    script, picture = str(ROOT / "recipes" / "convert" / "curves.py"), tmp_path / "curves.png"
    monkeypatch.setattr(sys, "argv", [script, str(tmp_path / "runs"), "-o", str(picture)])
    runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().out == "cyclegan_vc/all: 7.500 after 1.00 hours\n"
    assert picture.stat().st_size > 5_000
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--steps"])
    runpy.run_path(script, run_name="__main__")
    assert capsys.readouterr().out == "cyclegan_vc/all: 7.500 after 150 steps\n"
    (run / "metrics.jsonl").write_text("")
    with pytest.raises(SystemExit, match="no training in it was judged twice"):
        runpy.run_path(script, run_name="__main__")


def test_a_command_that_fails_ends_the_comparison(compare: ModuleType) -> None:
    with pytest.raises(SystemExit, match=r"compare\.py: error: speechgan train failed"):
        compare.speechgan("train", "nothing")


def test_a_recording_that_cannot_be_measured_does_not_end_the_comparison(
    compare: ModuleType, data: Path, tmp_path: Path, monkeypatch
) -> None:
    folder, sentences = tmp_path / "out" / "shallow" / "all", tmp_path / "kerstin" / "test"
    shutil.copytree(data / "kerstin" / "test", sentences)
    shutil.copytree(data / "p228" / "test", tmp_path / "p228" / "test")
    soundfile.write(sentences / "silent.wav", np.zeros(16000), 16000)
    run = compare.speechgan

    def convert_nothing(*words: object, **options: object) -> None:
        if words[0] == "convert":
            shutil.copytree(sentences, folder / "kerstin-p228")
        else:
            run(*words, *QUICK, **options)

    monkeypatch.setattr(compare, "train", lambda *_: None)
    monkeypatch.setattr(compare, "speechgan", convert_nothing)
    monkeypatch.setattr(compare, "read_run", lambda _: {"steps": 1})
    monkeypatch.setattr(compare, "load_file", lambda _: {})
    folder.mkdir(parents=True)
    (folder / "minutes").write_text("1")
    arguments = SimpleNamespace(data=tmp_path, out=tmp_path / "out")
    scores = compare.run_pair("shallow", "kerstin", "p228", [("kerstin", "p228")], arguments)
    assert scores["mcd"] > 0 and scores["mcd_gain"] == 0


@pytest.mark.parametrize("row", ROWS)
def test_settings_of_compared_systems_exist(row: str) -> None:
    compose("convert", ["data.root=/x", *ROWS[row].settings.split()])


def test_a_report_that_cannot_be_written_ends_the_recipe(
    run_out_of_disk: Run, tmp_path: Path
) -> None:
    for folder in ("data/a/test", "data/b/test", "converted/a-b"):
        (tmp_path / folder).mkdir(parents=True)
    options = ["--data", tmp_path / "data", "--out", tmp_path, "--pairs", "a:b", "--stage", "4"]
    done = run_out_of_disk(RECIPE, *options)
    assert (tmp_path / "scores" / "a-b.json").exists()
    assert done.returncode == 1 and "stage 5" not in done.stderr


@pytest.mark.parametrize("given", [(), ("--pairs", "a:c d:e")])
def test_speakers_are_paired_whatever_their_names(
    dry_run: DryRun, tmp_path: Path, given: tuple[str, ...]
) -> None:
    first, second = ("a", "c") if given else ("a b", "c")
    for name in (first, second):
        (tmp_path / "data" / name / "test").mkdir(parents=True)
    (tmp_path / "run" / "best").mkdir(parents=True)
    options = ["--data", tmp_path / "data", "--out", tmp_path, *given, "--stage", "3"]
    _, [command] = dry_run(RECIPE, *options)
    assert command[:4] == ["convert", "--src", f"{tmp_path}/data/{first}/test", "--target-speaker"]
    assert command[4] == second
