"""`speechgan explain`, of a training of two steps."""

import math
from pathlib import Path

import pytest
from matplotlib.image import imread

from speechgan.cli.main import main

PAIRS = Path(__file__).parents[1] / "assets"
NOISY, CLEAN = (str(PAIRS / side / "p228_wind.flac") for side in ("noisy", "clean"))


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("training")
    settings = [
        *("system=balanced", f"data.root={PAIRS}", f"data.cache={folder / 'cache'}"),
        *(f"run.folder={folder / 'run'}", "generator.channels=8", "generator.hidden=8"),
        *("discriminator.widths=[4,4]", "data.batch_size=2", "data.seconds=0.5"),
        *("trainer.max_steps=2", "trainer.validate_every=2", "trainer.accelerator=cpu"),
        "trainer.workers=0",
    ]
    assert main(["train", "enhance", *settings]) == 0
    return folder / "run"


def test_both_scores_are_told_and_drawn(
    training: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "new" / "picture.png"
    command = ["explain", NOISY, CLEAN, "--judge", str(training), "-o", str(picture)]
    assert main(command) == 0
    assert imread(picture).shape[:2] == (600, 1600)
    title, *rows = (line.split() for line in capsys.readouterr().out.splitlines())
    assert title == ["noisy", "enhanced"] and [row[0] for row in rows] == ["clarity", "match"]
    assert all(math.isfinite(float(score)) for row in rows for score in row[1:])
    assert main(command) == 1
    assert "picture.png: exists; use --overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([NOISY, CLEAN, "--judge", "nobody"], "nobody: no training, with config.yaml and last."),
        ([NOISY, "nowhere.wav", "--judge", "TRAINING"], "nowhere.wav"),
        (
            [NOISY, str(PAIRS / "clean" / "p228_coffee.flac"), "--judge", "TRAINING"],
            "p228_coffee.flac: ",
        ),
    ],
)
def test_bad_requests_get_one_line_and_leave_nothing(
    training: Path,
    words: list[str],
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [word.replace("TRAINING", str(training)) for word in words]
    assert main(["explain", *words, "-o", str(tmp_path / "out" / "picture.png")]) == 1
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1 and not (tmp_path / "out").exists()
