"""recipes/ideas/run.sh, run as a user runs it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Run = Callable[..., subprocess.CompletedProcess[str]]
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
    assert rows[0] != ["vae", *rows[1][1:]]
    kept = out / "vae-7" / "best" / "model.safetensors"
    time = kept.stat().st_mtime_ns
    again = run(RECIPE, "autoencoder", "--out", out, "--steps", "2", "--seeds", "7", *TINY)
    assert again.returncode == 0 and kept.stat().st_mtime_ns == time
    assert "== " not in again.stderr


def test_conductor_and_flat_decoder_are_judged_by_place(run: Run, tmp_path: Path) -> None:
    words = ["music_vae", "--out", tmp_path, "--steps", "2", "--seeds", "7"]
    done = run(RECIPE, *words, *TINY, "data.sequence=2")
    assert done.returncode == 0, done.stderr
    heads, _, real, *rows = read_table((tmp_path / "music_vae.md").read_text())
    assert [row[0] for row in (real, *rows)] == ["real, test", "music_vae", "music_vae_flat"]
    for head in ("rebuilt digit heard", "in the first second", "in the last second"):
        place = heads.index(head)
        assert not real[place] and all(row[place] for row in rows)
    flat = yaml.safe_load((tmp_path / "music_vae_flat-7" / "config.yaml").read_text())
    assert flat["generator"]["hierarchy"] is False and flat["generator"]["state"] == 384


def test_a_figure_is_the_mean_over_seeds_with_its_spread(tmp_path: Path) -> None:
    for seed, accuracy, distance in ((1, 0.5, 60.0), (2, 0.7, 64.0)):
        folder = tmp_path / f"cgan-{seed}"
        folder.mkdir()
        made = {"accuracy": accuracy, "frechet": distance, "rebuilt": float("nan")}
        scores = {"real, test": {"accuracy": 0.97, "frechet": 7.2}, "a/b": made}
        (folder / "scores.json").write_text(json.dumps(scores))
        (folder / "3_theo.json").write_text(json.dumps({"real, test": {}, "a/b": {"both": 0.4}}))
        (folder / "minutes").write_text("3\n")
    script = Path(__file__).parents[2] / "recipes" / "ideas" / "table.py"
    words = [sys.executable, "-P", script, tmp_path, "--variants", "cgan", "--seeds", "1", "2"]
    table = read_table(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert table[0] == ["", "digit heard", "unheard pair heard", "Fréchet", "minutes"]
    assert table[2] == ["real, test", "0.970", "", "7.2", ""]
    assert table[3] == ["cgan", "0.600 ± 0.100", "0.400 ± 0.000", "62.0 ± 2.0", "3.0 ± 0.0"]


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
