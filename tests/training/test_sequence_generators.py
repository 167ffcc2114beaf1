"""Sequences of digits: trained on, gone on with, said, judged."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread
from safetensors.numpy import load_file

from speechgan import Generator
from speechgan.cli.main import main
from speechgan.metrics.digits import load_judge

TINY = [
    *("data.batch_size=4", "data.valid_every=3", "data.sequence=2"),
    *("trainer.validate_every=2", "trainer.decay_steps=0", "trainer.accelerator=cpu"),
    "trainer.threads=1",
]
SMALL = ["generator.widths=[8,8,8,8]", "generator.code=8"]


def train(root: Path, folder: Path, *words: str, steps: int = 2) -> int:
    own = [f"data.root={root}", f"run.folder={folder}", f"trainer.max_steps={steps}"]
    return main(["train", "generate", *own, *TINY, *words])


@pytest.fixture(scope="module")
def model(digits_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("music")
    assert train(digits_folder, run, "system=music_vae", *SMALL, "generator.state=8") == 0
    return run / "best"


def test_training_that_goes_on_is_as_if_it_had_never_stopped(
    digits_folder: Path, tmp_path: Path
) -> None:
    """In another process, too, which loads the judge anew."""
    settings = ["system=music_vae", *SMALL, "generator.state=8", "--resume"]
    for name, steps in (("whole", 3), ("parts", 2), ("parts", 3)):
        load_judge.cache_clear()
        assert train(digits_folder, tmp_path / name, *settings, steps=steps) == 0
    whole, parts = (load_file(tmp_path / name / "last.safetensors") for name in ("whole", "parts"))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(weight, parts[name]) for name, weight in whole.items())


def test_a_sequence_is_said_from_end_to_end(model: Path, tmp_path: Path) -> None:
    command = ["generate", "--model", str(model), "--vocoder", "griffin_lim"]
    for name, words in (
        ("drawn", ["--seed", "3", "--count", "2"]),
        ("again", ["--seed", "3", "--count", "2"]),
        ("way", ["--seed", "3", "--to-seed", "4", "--count", "5"]),
    ):
        assert main([*command, *words, "-o", str(tmp_path / name)]) == 0
    waves = {
        path: soundfile.read(tmp_path / path)[0]
        for path in ("drawn/0.wav", "drawn/1.wav", "again/0.wav", "way/0.wav", "way/4.wav")
    }
    assert all(wave.shape == (2 * 64 * 256,) for wave in waves.values())
    assert np.array_equal(waves["drawn/0.wav"], waves["again/0.wav"])
    assert not np.array_equal(waves["drawn/0.wav"], waves["drawn/1.wav"])
    assert not np.array_equal(waves["way/0.wav"], waves["way/4.wav"])
    assert imread(tmp_path / "drawn" / "sheet.png").shape[1] > 2 * 2 * 64


def test_a_walk_ends_where_sequences_are(model: Path) -> None:
    make = Generator.from_pretrained(model, vocoder="griffin_lim")
    way = make.walk(3, seeds=(3, 4))
    for word, seed in ((way[0], 3), (way[2], 4)):
        np.testing.assert_allclose(word.image, make.generate(1, seed=seed)[0].image, atol=1e-5)
    assert (word.digit, word.speaker) == ("", "")


def test_a_sequence_is_judged_second_by_second(
    model: Path, digits_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scores.json"
    command = ["evaluate", "generate", "--real", str(digits_folder), "--model", str(model)]
    assert main([*command, "--count", "20", "--json", str(file)]) == 0
    real, made = json.loads(file.read_text()).values()
    rebuilt = ("rebuilt", "rebuilt_digit", "rebuilt_first", "rebuilt_last", "rebuilt_speaker")
    assert all(made[name] >= 0 and real[name] is None for name in rebuilt)
    assert made["frechet"] > 0 and made["middle"] is made["accuracy"] is None


@pytest.mark.parametrize("system", ["vae", "gan"])
def test_others_that_are_told_nothing_make_sequences_too(
    system: str, digits_folder: Path, tmp_path: Path
) -> None:
    judge = ["discriminator.widths=[8,8,8,8]"] if system == "gan" else []
    assert train(digits_folder, tmp_path, f"system={system}", *SMALL, *judge) == 0
    make = Generator.from_pretrained(tmp_path / "best", vocoder="griffin_lim")
    assert make.generate(1)[0].image.shape == (80, 2 * 64)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["system=cgan"], "data.sequence=2: a sequence has no one label"),
        (["system=classifier"], "data.sequence=2: a sequence has no one label"),
        (["system=music_vae", "data.sequence=0"], "data.sequence 0: must be a whole number"),
        (["system=music_vae", "data.sequence=2.5"], "data.sequence 2.5: must be a whole number"),
        (["system=music_vae", "generator.segments=3"], "segments 3: must divide 128 frames"),
        (["system=music_vae", "features.frames=24"], "cannot be halved 4 times"),
    ],
)
def test_what_cannot_be_a_sequence_gets_one_line(
    words: list[str],
    text: str,
    digits_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(digits_folder, tmp_path, *words) != 0
    message = capsys.readouterr().err
    assert text in message and message.count("\n") == 1
