"""recipes/ideas/heads.py, of discriminators that know what is told them."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest

from speechgan.cli.main import main
from speechgan.models.discriminators.spectrogram import TwoHeadedDiscriminator
from speechgan.utils.errors import SpeechganError

ROOT = Path(__file__).parents[2]
PAIRS = ROOT / "tests" / "assets"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.syspath_prepend(ROOT / "recipes" / "ideas")
    return runpy.run_path(str(ROOT / "recipes" / "ideas" / "heads.py"))


@pytest.fixture
def training(tmp_path: Path) -> Path:
    """Of one step, whose model makes of every recording what it was."""
    folder = tmp_path / "run-1"
    settings = [
        *("system=balanced", f"data.root={PAIRS}", f"data.cache={tmp_path / 'cache'}"),
        *(f"run.folder={folder}", "generator.channels=4", "generator.hidden=4"),
        *("discriminator.widths=[4,4]", "data.batch_size=2", "data.seconds=0.5"),
        *("data.valid_items=1", "trainer.max_steps=1", "trainer.validate_every=1"),
        *("trainer.accelerator=cpu", "trainer.workers=0"),
        "trainer.turns.discriminator.start=0",
    ]
    assert main(["train", "enhance", *settings]) == 0
    shutil.copytree(PAIRS / "noisy", folder / "enhanced-pairs")
    (tmp_path / "pairs").mkdir()
    (tmp_path / "pairs" / "test").symlink_to(PAIRS)
    return folder


def test_each_head_is_asked_what_it_can_know(
    script: dict, training: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:

    def judge(self, condition, candidate):
        """By energy, and by the distance from the noisy recording."""
        loud = candidate.image.square().mean()
        far = (candidate.image - condition.image).square().mean()
        return {"clarity": -loud.view(1, 1, 1, 1), "match": -far.view(1, 1, 1, 1)}

    monkeypatch.setattr(TwoHeadedDiscriminator, "forward", judge)
    capsys.readouterr()
    words = ["heads.py", training, training, "--data", training.parent]
    monkeypatch.setattr(sys, "argv", [str(word) for word in words])
    script["main"]()
    lines = capsys.readouterr().out.splitlines()
    _, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[:2] for row in rows] == [["run", "clarity"], ["run", "match"]]
    clarity, match = ([cell.split(" ± ")[0] for cell in row[2:]] for row in rows)
    # What was made is the noisy recording itself: louder than clean speech, and nearer to it.
    assert float(clarity[0]) > float(clarity[1]) and clarity[2:] == ["1.000", ""]
    assert match[1:3] == ["0.000", "0.000"] and float(match[3]) < float(match[0]) < 0


def test_what_is_no_training_is_named(script: dict, tmp_path: Path) -> None:
    with pytest.raises(SpeechganError, match=r"no training, .* a training of the row heads"):
        script["measure"](tmp_path, tmp_path)
