"""What a training releases."""

from pathlib import Path

import pytest

from speechgan import Enhancer
from speechgan.training.compose import build, compose
from speechgan.training.release import release_to
from speechgan.training.tasks import Material


@pytest.mark.parametrize(("settings", "shifts"), [([], 2), (["shifts=3"], 3)])
def test_a_model_asks_for_the_shifts_of_its_training(
    settings: list[str], shifts: int, tmp_path: Path
) -> None:
    small = ["generator.channels=4", "generator.hidden=8", "generator.blocks=1"]
    config = compose("enhance", ["data.root=/x", "experiment=quality", *small, *settings])
    material = Material((), None, "A test", lambda steps: f"{steps} steps")
    release_to(tmp_path / "model", config, material)(build(config.system), {"step": 7})
    enhancer = Enhancer.from_pretrained(tmp_path / "model", "cpu")
    assert (enhancer.shifts, enhancer.network.causal) == (shifts, False)


def test_a_card_names_the_folders_that_are_given_as_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "voices" / "run").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "voices" / "run")
    small = ["generator.channels=4", "generator.hidden=8", "generator.blocks=1", "run.folder=."]
    config = compose("enhance", ["data.root=..", "system=supervised", *small])
    material = Material((), None, "A test", lambda steps: f"{steps} steps")
    release_to(tmp_path / "model", config, material)(build(config.system), {"step": 7})
    card = (tmp_path / "model" / "card.md").read_text()
    assert card.startswith("# run\n") and "on voices for 7 steps" in card


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("run.fine_tune=default", "on voices, from default on, for 7 steps"),
        ("run.fine_tune=/home/me/runs/old/best", "on voices, from old/best on, for 7 steps"),
        ("run.start_from=runs/old/last.safetensors", "from old/last.safetensors on, for 7 steps"),
    ],
)
def test_a_card_names_whose_weights_the_run_began_with(
    setting: str, words: str, tmp_path: Path
) -> None:
    small = ["generator.channels=4", "generator.hidden=8", "generator.blocks=1"]
    config = compose("enhance", ["data.root=/x/voices", "system=supervised", *small, setting])
    material = Material((), None, "A test", lambda steps: f"{steps} steps")
    release_to(tmp_path / "model", config, material)(build(config.system), {"step": 7})
    assert words in (tmp_path / "model" / "card.md").read_text()
