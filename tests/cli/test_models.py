"""`speechgan models` and `speechgan doctor`, on a shelf of shipped models of their own."""

import shutil
from pathlib import Path

import pytest

import speechgan
from speechgan.cli.main import main
from speechgan.pretrained import loading as pretrained
from speechgan.pretrained.folder import SHIPPED, count_weights, list_models, load_summary


@pytest.fixture
def shelf(tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped models that holds one, the default."""
    (tmp_path / "default").symlink_to(model_folder)
    monkeypatch.setattr("speechgan.pretrained.folder.SHIPPED", tmp_path)
    return tmp_path


def test_the_list_says_what_a_user_chooses_by(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models"]) == 0
    (heading, line) = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "task", "rate,", "Hz", "weights", "size,", "MB", "about"]
    name, task, rate, weights, _ = line.split(maxsplit=4)
    assert (name, task, rate) == ("default", "enhance", "16000")
    generator = pretrained.load_model("default").generator
    assert int(weights.replace(",", "")) == sum(p.numel() for p in generator.parameters())
    assert line.endswith("  Random weights, for tests.")


@pytest.mark.parametrize("name", list_models())
def test_a_card_says_as_many_weights_as_the_list(name: str) -> None:
    assert f" {count_weights(SHIPPED / name):,} weights" in load_summary(SHIPPED / name)


@pytest.mark.parametrize("by_name", [True, False])
def test_show_prints_the_card(
    shelf: Path, model_folder: Path, by_name: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "show", "default" if by_name else str(model_folder)]) == 0
    assert capsys.readouterr().out == "# small\n\nRandom weights, for tests.\n"


def test_a_shipped_name_is_enough_to_enhance(shelf: Path, recordings: dict) -> None:
    noisy, _ = recordings["p228_wind"]
    assert speechgan.Enhancer.from_pretrained("default", "cpu")(noisy, 16000).shape == noisy.shape


def test_doctor_passes_a_model_that_works(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert f"speechgan {speechgan.__version__}\n" in shown
    assert "  torch 2." in shown and "MISSING" not in shown
    assert "models: default\n" in shown
    assert "self-test: passed, " in shown


def test_doctor_fails_a_model_that_does_not(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shelf / "default").unlink()
    assert main(["doctor"]) == 1
    assert "self-test: FAILED, default: no such model" in capsys.readouterr().out


def test_the_list_has_all_of_the_cards_first_paragraph(
    tmp_path: Path, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folded"
    shutil.copytree(model_folder, folder)
    (folder / "card.md").write_text("# folded\n\nFor recordings of\none voice.\n\nMore.\n")
    assert load_summary(folder) == "For recordings of one voice."
