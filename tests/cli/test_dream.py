"""`speechgan dream`, of the judge that ships and of a training's discriminator."""

import shutil
from pathlib import Path

import pytest
import soundfile

from speechgan.cli.main import main

QUICK = ["--steps", "2", "--count", "2", "--vocoder", "griffin_lim"]


@pytest.fixture(scope="module")
def training(digits_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One step of a conditional GAN."""
    folder = tmp_path_factory.mktemp("training")
    settings = [
        *("system=cgan", f"data.root={digits_folder}", f"run.folder={folder}"),
        *("generator.widths=[8,8,8,8]", "generator.code=8", "discriminator.widths=[8,8,8,8]"),
        *("data.batch_size=4", "data.valid_every=3", "trainer.max_steps=1"),
        *("trainer.decay_steps=0", "trainer.accelerator=cpu", "trainer.threads=1"),
    ]
    assert main(["train", "generate", *settings]) == 0
    return folder


def test_dreams_are_heard_seen_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["dream", "--class", "7", *QUICK, "--steps", "60", "-o", str(tmp_path / "out")]
    assert main(command) == 0
    names = ["logits_7_0.wav", "logits_7_1.wav"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [*names, "sheet.png"]
    sound = soundfile.info(tmp_path / "out" / names[0])
    assert (sound.samplerate, sound.frames) == (16000, 64 * 256)
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split() == ["noise", "dream", "heard", "as"]
    for name, row in zip(names, rows, strict=True):
        found, before, score, digit, *_ = row.split()
        assert (found, digit) == (name, "7") and float(before) < 0 < float(score)
    assert main(command) == 1
    assert "logits_7_0.wav: exists; use --overwrite" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (["--layer", "4"], "4_all"),
        (["--layer", "1", "--class", "3"], "1_3"),
        (["--class", "projection_7_theo"], "logits_projection_7_theo"),
    ],
)
def test_a_training_dreams(training: Path, asked: list[str], title: str, tmp_path: Path) -> None:
    assert main(["dream", "--model", str(training), *asked, *QUICK, "-o", str(tmp_path)]) == 0
    names = [f"{title}_0.wav", f"{title}_1.wav", "sheet.png"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            ["--model", "nobody"],
            "nobody: no training, with config.yaml and last.safetensors in it; choose a training",
        ),
        (["--model", "digits"], "or digit_classifier"),
        (["--layer", "9"], "layer 9: unknown; known are 1, 2, 3, 4, logits"),
        (["--class", "eleven"], "class eleven: unknown; known are 0, 1, 2"),
        ([], "layer logits: needs a class; known are 0, 1, 2"),
        (["--class", "7", "--count", "0"], "count 0: must be at least 1"),
        (["--class", "7", "--vocoder", "griffin_lim", "--seed", "-1"], "seed -1: must be at least"),
    ],
)
def test_bad_requests_get_one_line_and_leave_nothing(
    asked: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dream", *asked, "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("  discriminator:\n", "  another:\n", "has no ImageDiscriminator; choose a training"),
        ("    - 8", "    - 4", "not the weights of config.yaml"),
        ("image.ImageDiscriminator", "spectrogram.JointDiscriminator", "cannot be built from this"),
    ],
)
def test_a_folder_that_holds_something_else(
    training: Path,
    before: str,
    after: str,
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "training"
    shutil.copytree(training, folder)
    config = (folder / "config.yaml").read_text()
    assert before in config
    (folder / "config.yaml").write_text(config.replace(before, after))
    assert main(["dream", "--model", str(folder), "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert text in error and error.count("\n") == 1 and not (tmp_path / "out").exists()
