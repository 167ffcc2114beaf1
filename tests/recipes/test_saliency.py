"""recipes/ideas/saliency.py, of a training of two steps on the recorded pairs."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import main
from speechgan.utils.errors import SpeechganError

ROOT = Path(__file__).parents[2]
PAIRS = ROOT / "tests" / "assets"
SCRIPT = ROOT / "recipes" / "ideas" / "saliency.py"


@pytest.fixture(scope="module")
def script() -> dict:
    return runpy.run_path(str(SCRIPT))


def test_figures_of_a_perfect_map_an_inverted_one_and_one_that_hedges(script: dict) -> None:
    ideal = np.random.default_rng(0).uniform(size=(1, 1, 20, 30))
    perfect, inverted = (script["compare"](found, ideal) for found in (ideal, 1 - ideal))
    hedging = script["compare"](0.5 + (ideal - 0.5) / 4, ideal)
    assert perfect["error"] == 0 and perfect["correlation"] == pytest.approx(1)
    assert perfect["area"] == 1 and perfect["undecided"] == pytest.approx(0.5, abs=0.05)
    assert inverted["error"] == pytest.approx(np.abs(1 - 2 * ideal).mean())
    assert inverted["correlation"] == pytest.approx(-1) and inverted["area"] == 0
    assert hedging["area"] == 1 and hedging["undecided"] == 1 and hedging["error"] > 0.1
    silent = script["compare"](ideal, 0 * ideal)
    assert silent["error"] == pytest.approx(ideal.mean()) and np.isnan(silent["area"])
    assert script["average"]((perfect, silent))["area"] == 1


def test_seeds_are_one_row(script: dict) -> None:
    names = ["runs/saliency_judged-1/best", "runs/saliency_judged-2/best", "my-map", "default"]
    rows = ["saliency_judged", "saliency_judged", "my-map", "default"]
    assert [script["name_row"](name) for name in names] == rows
    assert script["summarise"]([0.1, 0.2]) == "0.150 ± 0.050"


def test_a_trained_model_enhances_and_its_maps_are_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], script: dict, monkeypatch
) -> None:
    settings = [
        *("system=saliency_judged", f"data.root={PAIRS}", f"data.cache={tmp_path / 'cache'}"),
        *(f"run.folder={tmp_path / 'run-1'}", "generator.widths=[4,4,4]"),
        *("discriminator.widths=[4,4]", "trainer.turns.discriminator.start=0"),
        *("data.batch_size=2", "data.seconds=0.5", "data.valid_items=1"),
        *("trainer.max_steps=2", "trainer.validate_every=2", "trainer.accelerator=cpu"),
        "trainer.workers=0",
    ]
    assert main(["train", "enhance", *settings]) == 0
    model, sound = tmp_path / "run-1" / "best", PAIRS / "noisy" / "p228_wind.flac"
    enhanced = tmp_path / "enhanced.wav"
    assert main(["enhance", str(sound), "-o", str(enhanced), "--model", str(model)]) == 0
    before, after = (soundfile.read(path)[0] for path in (sound, enhanced))
    assert before.shape == after.shape and 0 < np.square(after).sum() < np.square(before).sum()
    for place in ("pairs", "far"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "test").symlink_to(PAIRS)
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["saliency.py", str(model), "--data", str(tmp_path)])
    script["main"]()
    lines = capsys.readouterr().out.splitlines()
    _, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[:2] for row in rows] == [
        *(["ideal ratio mask", "home"], ["run", "home"]),
        *(["ideal ratio mask", "away"], ["run", "away"]),
    ]
    assert rows[0][2:5] == ["0.000", "1.000", "1.000"] and 0 < float(rows[1][2]) < 1


def test_a_model_without_maps_is_named(script: dict) -> None:
    with pytest.raises(SpeechganError, match="tiny: draws no map; give a model of train enhance"):
        script["load_mapper"]("tiny")
