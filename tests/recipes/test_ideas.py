"""recipes/ideas/run.sh, run as a user runs it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from omegaconf import OmegaConf

from speechgan.training.compose import compose

Run = Callable[..., subprocess.CompletedProcess[str]]
DryRun = Callable[..., tuple[subprocess.CompletedProcess[str], list[list[str]]]]
ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SIDES = ("noisy", "enhanced")
MEASURES = (
    *("sharpness", "log_spectral_distance", "pesq", "estoi", "si_sdr", "covl"),
    "dnsmos_overall",
)
SCORES = {
    "generate": json.dumps({"real, test": {}, "made": {"both": 0.5}}),
    "enhance": json.dumps(
        {"mean": {side: {key: {"mean": 1} for key in MEASURES} for side in SIDES}}
    ),
}
JUDGED = {
    "saliency": ("saliency", "saliency_judged"),
    "patches": ("both", "both_whole", "few", "few_whole"),
    "heads": ("both", "both_unmatched", "joint", "joint_unmatched"),
}
"""Rows whose models, or discriminators, have a table of their own."""
RECIPE = "ideas/run.sh"
TINY = [
    *("generator.widths=[8,8,8,8]", "generator.code=8", "trainer.accelerator=cpu"),
    *("data.batch_size=4", "data.valid_every=3"),
]


@pytest.fixture(scope="module")
def out(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ideas") / "it's out"
    done = run(RECIPE, "autoencoder", "--out", out, "--steps", "2", "--seeds", "7", *TINY)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith((out / "autoencoder.md").read_text())
    return out


def test_every_variant_is_trained_and_judged_once(run: Run, out: Path) -> None:
    heads, _, real, *rows = read_table((out / "autoencoder.md").read_text())
    assert [row[0] for row in (real, *rows)] == ["real, test", "vae", "autoencoder"]
    assert "rebuilt" in heads and "digit heard" in heads and "unheard pair heard" not in heads
    for row in rows:
        folder = out / f"{row[0]}-7"
        assert yaml.safe_load((folder / "config.yaml").read_text())["data"]["seed"] == 7
        _, made = json.loads((folder / "scores.json").read_text()).values()
        assert row[heads.index("rebuilt")] == f"{made['rebuilt']:.3f}"
    assert rows[0][1:] != rows[1][1:]
    kept = out / "vae-7" / "best" / "model.safetensors"
    time = kept.stat().st_mtime_ns
    again = run(RECIPE, "autoencoder", "--out", out, "--steps", "2", "--seeds", "7", *TINY)
    assert again.returncode == 0 and kept.stat().st_mtime_ns == time
    assert "== " not in again.stderr


@pytest.mark.parametrize("recipe", ["run.sh", "enhance.sh"])
def test_every_row_is_of_trainings_that_exist(
    dry_run: DryRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    """Of all rows that `--help` names, each training is a configuration of its own."""
    task, data = ("generate", EXAMPLES / "digits") if recipe == "run.sh" else ("enhance", tmp_path)
    (tmp_path / "pairs" / "test" / "noisy").mkdir(parents=True)
    monkeypatch.setenv("SCORES", SCORES[task])
    shown, _ = dry_run(f"ideas/{recipe}", "--help")
    rows = re.findall(r"^  (\w+) {2,}[a-z]", shown.stdout, re.MULTILINE)
    assert len(rows) >= 4
    for row in rows:
        out = tmp_path / f"of {row}"
        options = ["--out", out, "--seeds", "7", "--data", data]
        done, commands = dry_run(f"ideas/{recipe}", row, *options)
        assert done.returncode == 0, done.stderr
        trainings = [words[2:-1] for words in commands if words[:2] == ["train", task]]
        compared = [configuration_of(task, words, out) for words in trainings]
        assert all(one != other for n, one in enumerate(compared) for other in compared[:n])
        judged = [words for words in commands if words[:2] == ["evaluate", task]]
        assert len(judged) >= len(trainings) >= 2
        run = [words for words in commands if words[0] == "-P"]
        own = [f"{out}/{name}-7" for name in JUDGED.get(row, ())]
        if row == "saliency":
            own = [f"{folder}/best" for folder in own]
        assert [words[2 : words.index("--data")] for words in run] == [own] * bool(own)


def test_enhancers_are_told_at_home_and_away_with_their_spread(tmp_path: Path) -> None:
    for seed, pesq in ((1, 1.5), (2, 1.7)):
        for place in ("pairs", "far", "spread"):
            means = {side: {key: {"mean": pesq} for key in MEASURES} for side in SIDES}
            path = tmp_path / f"both_noise-{seed}" / f"scores-{place}-valid.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps({"mean": means}))
    words = ["--variants", "both_noise", "--seeds", "1", "2", "--split", "valid"]
    heads, _, *rows = read_table(run_table("enhance_table.py", tmp_path, *words))
    assert [row[:2] for row in rows] == [
        *(["noisy input", "home"], ["both_noise", "home"]),
        *(["noisy input", "away"], ["both_noise", "away"]),
    ]
    pesq, other = heads.index("PESQ-WB"), heads.index("other draw, dB")
    assert [row[pesq] for row in rows] == ["1.50", "1.60 ± 0.10"] * 2
    assert [row[other] for row in rows] == ["", "1.6 ± 0.1", "", ""]


def test_panels_show_the_recording_in_the_middle(run: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"name": name, "noisy": {"pesq": pesq}} for name, pesq in zip("abc", (3, 1, 2), strict=True)
    ]
    (tmp_path / "both-1").mkdir()
    (tmp_path / "both-1" / "scores-pairs-test.json").write_text(json.dumps({"recordings": rows}))
    for folder in ("pairs/test/noisy", "pairs/test/clean", "both-1/enhanced-pairs"):
        (tmp_path / folder).mkdir(parents=True)
        soundfile.write(tmp_path / folder / "c.flac", 0.1 * rng.standard_normal(16000), 16000)
    picture = tmp_path / "panels.png"
    words = [tmp_path, "--data", tmp_path, "--variants", "both", "-o", picture]
    assert run("ideas/panels.py", *words).returncode == 0
    assert picture.stat().st_size > 10_000
    done = run("ideas/panels.py", *words, "--recording", "a")
    assert done.returncode == 1 and "holds no a; choose another --recording" in done.stderr


def test_places_of_a_sequence_have_columns_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "music_vae-7").mkdir()
    made = {"rebuilt_digit": 0.46, "rebuilt_first": 0.51, "rebuilt_last": 0.52}
    scores = {"real, test": {"accuracy": 0.97}, "a": made}
    (tmp_path / "music_vae-7" / "scores.json").write_text(json.dumps(scores))
    (tmp_path / "music_vae-7" / "minutes").write_text("3\n")
    table = read_table(run_table("table.py", tmp_path, "--variants", "music_vae", "--seeds", "7"))
    places = ["rebuilt digit heard", "in the first second", "in the last second"]
    assert table[0] == ["", "digit heard", *places, "minutes"]
    assert table[2][2:] == ["", "", "", ""] and table[3][2:5] == ["0.460", "0.510", "0.520"]


def test_a_figure_is_the_mean_over_seeds_with_its_spread(tmp_path: Path) -> None:
    for seed, accuracy, distance, rebuilt in ((1, 0.5, 60.0, float("nan")), (2, 0.7, 64.0, None)):
        folder = tmp_path / f"cgan-{seed}"
        folder.mkdir()
        made = {"accuracy": accuracy, "frechet": distance, "rebuilt": rebuilt}
        scores = {"real, test": {"accuracy": 0.97, "frechet": 7.2}, "a/b": made}
        (folder / "scores.json").write_text(json.dumps(scores))
        (folder / "3_theo.json").write_text(json.dumps({"real, test": {}, "a/b": {"both": 0.4}}))
        (folder / "minutes").write_text("3\n")
    table = read_table(run_table("table.py", tmp_path, "--variants", "cgan", "--seeds", "1", "2"))
    assert table[0] == ["", "digit heard", "unheard pair heard", "Fréchet", "minutes"]
    assert table[2] == ["real, test", "0.970", "", "7.2", ""]
    assert table[3] == ["cgan", "0.600 ± 0.100", "0.400 ± 0.000", "62.0 ± 2.0", "3.0 ± 0.0"]


def configuration_of(task: str, words: list[str], out: Path) -> dict:
    """What a training of a row would be, but for where it lies."""
    own = [word.replace(str(out), "/out") for word in words if not word.startswith("run.folder=")]
    return compose_once(task, tuple(own))


@cache
def compose_once(task: str, words: tuple[str, ...]) -> dict:
    """Rows share trainings."""
    return OmegaConf.to_container(compose(task, words))


def run_table(script: str, *words: str | Path) -> str:
    command = [sys.executable, "-P", ROOT / "recipes" / "ideas" / script, *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def read_table(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "which row? see --help"),
        (["dreams"], "dreams: no such row"),
        (["gan", "--data", "/nowhere"], "/nowhere: needs train/ and test/"),
        (["gan", "--steps", "few"], "few: must be a whole number"),
    ],
)
def test_bad_requests_get_one_line(run: Run, arguments: list[str], text: str) -> None:
    done = run(RECIPE, *arguments)
    assert done.returncode != 0 and text in done.stderr
    assert len(done.stderr.splitlines()) == 1
