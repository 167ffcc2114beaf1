"""Generators of images, trained on the digits that ship, and used."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from speechgan import Generator
from speechgan.cli.main import main
from speechgan.inference.generation.generator import turn
from speechgan.utils.errors import SpeechganError

TINY = [
    "data.batch_size=4",
    "data.valid_every=3",
    "trainer.max_steps=2",
    "trainer.validate_every=2",
    "trainer.decay_steps=0",
    "trainer.accelerator=cpu",
    "trainer.threads=1",
]
SMALL = ["generator.widths=[8,8,8,8]", "generator.code=8"]
JUDGED = [*SMALL, "discriminator.widths=[8,8,8,8]"]
SYSTEMS = {
    "gan": JUDGED,
    "cgan": JUDGED,
    "vae": SMALL,
    "autoencoder": SMALL,
    "vae_gan": JUDGED,
    "cvae_gan": [*JUDGED, "system.classifier.widths=[8,8,8,8]"],
    "bigan": JUDGED,
    "stackgan": [
        *("generator.widths=[8,8,8,8]", "generator.noise=8", "discriminator.widths=[8,8,8,8]"),
        "system.coarse_discriminator.widths=[8,8,8]",
    ],
    "music_vae": [*SMALL, "generator.state=8", "data.sequence=2"],
    "sequence": [
        *("generator.width=8", "generator.vocabulary=8", "discriminator.width=8"),
        *("system.rollouts=1", "trainer.turns.discriminator.start=1"),
    ],
}

GRAPHS = ("cgan", "gan", "music_vae", "sequence", "stackgan")


def train(root: Path, folder: Path, *settings: str) -> int:
    own = [f"data.root={root}", f"run.folder={folder}"]
    return main(["train", "generate", *own, *TINY, *settings])


@pytest.fixture(scope="module")
def model(digits_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("generate")
    assert train(digits_folder, run, "system=cgan", *JUDGED) == 0
    return run / "best"


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_trains_into_a_model_that_generates(
    system: str, digits_folder: Path, tmp_path: Path
) -> None:
    """As a graph, too, where its networks are not those of another."""
    run, out = tmp_path / "run", tmp_path / "out"
    assert train(digits_folder, run, f"system={system}", *SYSTEMS[system]) == 0
    figures = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    told = system in ("cgan", "cvae_gan", "sequence", "stackgan")
    assert ("valid/accuracy" in figures) is told and ("valid/speaker" in figures) is told
    assert ("valid/rebuilt" in figures) is (system not in ("gan", "cgan", "stackgan"))
    distance = "frechet_joint" if told else "frechet"
    assert figures["valid/score"] == -figures[f"valid/{distance}"]
    command = ["generate", "--model", str(run / "best"), "--count", "2", "-o", str(out)]
    command += ["--vocoder", "griffin_lim"]
    assert main([*command, *(["--digit", "7", "--speaker", "theo"] if told else [])]) == 0
    names = ["7_theo_0.wav", "7_theo_1.wav"] if told else ["0.wav", "1.wav"]
    assert sorted(p.name for p in out.iterdir()) == sorted([*names, "sheet.png"])
    words = 2 if system == "music_vae" else 1
    assert soundfile.info(out / names[0]).frames == words * 64 * 256
    card = (run / "best" / "card.md").read_text()
    assert "10 spoken words by 3 speakers" in card and "60 recordings" in card
    if system in GRAPHS:
        check_graph(run / "best")


def check_graph(folder: Path) -> None:
    """ONNX makes the same images."""
    assert main(["export", str(folder)]) == 0
    found = [
        Generator.from_pretrained(folder, engine=engine, vocoder="griffin_lim").make_images(
            5, None, None, 0
        )
        for engine in ("onnx", "torch")
    ]
    (images, rows), (others, other_rows) = found
    np.testing.assert_allclose(images, others, atol=1e-4)
    assert rows == other_rows


def test_the_judge_itself_is_trained_like_all_others(digits_folder: Path, tmp_path: Path) -> None:
    tiny = ["generator.channels=4", "generator.features=8"]
    assert train(digits_folder, tmp_path, "system=classifier", *tiny) == 0
    figures = json.loads((tmp_path / "metrics.jsonl").read_text().splitlines()[-1])
    assert 0 <= figures["valid/accuracy"] <= 1 and 0 <= figures["valid/speaker"] <= 1


def test_words_that_the_judge_does_not_know_are_not_counted_as_wrong(
    digits_folder: Path, tmp_path: Path
) -> None:
    root = tmp_path / "words"
    (root / "train").mkdir(parents=True)
    for path in (digits_folder / "train").glob("[12]_*"):
        name = path.name.replace("1_", "yes_").replace("2_", "no_")
        (root / "train" / name).write_bytes(path.read_bytes())
    assert train(root, tmp_path / "run", "system=cgan", *JUDGED) == 0
    figures = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert "valid/accuracy" not in figures and "valid/speaker" in figures
    words = Generator.from_pretrained(tmp_path / "run" / "best").labels.digits
    assert words == ("no", "yes")


def test_a_seed_is_a_word(model: Path) -> None:
    """The same for the same seed, whoever asks for however many."""
    make = Generator.from_pretrained(model, vocoder="griffin_lim")
    one = make(digit=7, speaker="theo", seed=1)
    assert one.shape == (64 * 256,) and one.dtype == np.float32 and np.abs(one).max() <= 1
    many = make.generate(3, 7, "theo", seed=1)
    assert np.array_equal(make(digit=7, speaker="theo", seed=1), one)
    images = [word.image for word in many]
    alone = make.generate(1, 7, "theo", seed=1)[0].image
    np.testing.assert_allclose(images[0], alone, atol=1e-5)
    assert not np.allclose(images[0], images[1], atol=1e-6)
    assert not np.allclose(make.generate(1, 7, "theo", seed=2)[0].image, images[0], atol=1e-6)
    with pytest.raises(SpeechganError, match="seed -1: must be 0 or more"):
        make.generate(1, 7, "theo", seed=-1)


def test_a_walk_ends_where_words_are(model: Path) -> None:
    make = Generator.from_pretrained(model, vocoder="griffin_lim")
    way = make.walk(4, (7, 8), ("theo", "lucas"), (1, 2))
    assert [(word.digit, word.speaker) for word in way] == [("7-8", "theo-lucas")] * 4
    ends = [make.generate(1, *asked)[0] for asked in ((7, "theo", 1), (8, "lucas", 2))]
    for step, word in zip((way[0], way[-1]), ends, strict=True):
        np.testing.assert_allclose(step.image, word.image, atol=1e-5)
    moves = [np.abs(b.image - a.image).mean() for a, b in pairwise(way)]
    assert max(moves) < 3 * min(moves)
    still = make.walk(3, (7, 7))
    np.testing.assert_allclose(still[0].image, still[2].image, atol=1e-6)
    # Who speaks is drawn once, by the first seed, however the codes differ.
    speakers = [make.walk(2, (7, 7), seeds=(0, seed))[0].speaker for seed in range(4)]
    assert speakers == [make.generate(1, 7)[0].speaker] * 4


def test_codes_between_two_are_as_long_as_they_are() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.standard_normal((2, 64))
    lengths = np.linalg.norm(turn(one, other, np.linspace(0, 1, 9)), axis=1)
    between = sorted((np.linalg.norm(one), np.linalg.norm(other)))
    assert (lengths > 0.97 * between[0]).all() and (lengths < 1.03 * between[1]).all()
    np.testing.assert_allclose(turn(one, one, np.array([0.5])), [one], atol=1e-5)


def test_a_walk_of_the_command_line(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", "--model", str(model), "--vocoder", "griffin_lim", "-o", str(tmp_path)]
    assert main([*command, "--digit", "7", "--to-digit", "8", "--speaker", "theo"]) == 0
    assert len(list(tmp_path.glob("7-8_theo_*.wav"))) == 8
    capsys.readouterr()
    for options, text in (
        (["--to-speaker", "theo"], "--to-speaker theo: needs --speaker"),
        (["--to-seed", "-1"], "--to-seed -1: must be at least 0"),
        (["--to-seed", "2", "--count", "1"], "count 1: must be at least 2"),
        (["--digit", "7", "--to-digit", "12"], "digit 12: unknown"),
    ):
        assert main([*command, *options]) != 0
        assert text in capsys.readouterr().err


def test_what_was_made_is_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["generate", "--model", str(model), "--vocoder", "griffin_lim"]
    for count, text in (("1", "1 word and sheet.png"), ("2", "2 words and sheet.png")):
        assert main([*command, "--count", count, "-o", str(tmp_path / count)]) == 0
        assert text in capsys.readouterr().err


def test_labels_that_are_not_asked_for_are_drawn(model: Path) -> None:
    words = Generator.from_pretrained(model, vocoder="griffin_lim").generate(12, speaker="lucas")
    assert len({word.digit for word in words}) > 5
    assert {word.speaker for word in words} == {"lucas"}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--digit", "12"], "digit 12: unknown; known are 0, 1"),
        (["--speaker", "bob"], "speaker bob: unknown; known are george"),
        (["--count", "0"], "count 0: must be at least 1"),
        (["--seed", "-1"], "--seed -1"),
        (["--threads", "0"], "threads"),
        (["--device", "cuda", "--engine", "torch"], "no CUDA device"),
        (["--engine", "onnx"], "no such file; speechgan export writes it"),
    ],
)
def test_bad_requests_get_one_line(
    words: list[str],
    text: str,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    out = tmp_path / "out"
    assert main(["generate", "--model", str(model), *words, "-o", str(out)]) == 1
    message = capsys.readouterr().err
    assert text in message and message.count("\n") == 1
    assert not out.exists()


def test_a_model_of_another_task_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "--model", "default"]) == 1
    assert "a model for the task enhance, not generate; choose another" in capsys.readouterr().err


def test_files_that_exist_are_kept(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "7_theo_1.wav"
    kept.write_bytes(b"mine")
    command = ["generate", "--model", str(model), "--digit", "7", "--speaker", "theo"]
    command += ["--count", "2", "-o", str(tmp_path), "--vocoder", "griffin_lim"]
    assert main(command) == 1
    assert "exists; use --overwrite" in capsys.readouterr().err
    assert kept.read_bytes() == b"mine" and len(list(tmp_path.iterdir())) == 1
    assert main([*command, "--overwrite"]) == 0
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "Expecting"),
        ('{"digits": ["1"]}', "speakers"),
        ('{"digits": [], "speakers": []}', "no lists, or empty ones"),
        ('{"digits": [1], "speakers": ["a"]}', "not names"),
        ('{"digits": ["../../x"], "speakers": ["a"]}', "a name that is a path"),
    ],
)
def test_damaged_labels_are_told(content: str, text: str, model: Path, tmp_path: Path) -> None:
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(SpeechganError, match=rf"labels\.json: unreadable.*{text}"):
        Generator.from_pretrained(tmp_path)


def test_labels_that_the_network_lacks_are_told(model: Path, tmp_path: Path) -> None:
    """Such as of a labels.json that was taken from another model."""
    for path in model.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    rows = {"digits": list("0123456789"), "speakers": ["a", "b", "c", "d", "e"]}
    (tmp_path / "labels.json").write_text(json.dumps(rows))
    with pytest.raises(SpeechganError, match=r"5 speakers, and the network knows 3"):
        Generator.from_pretrained(tmp_path)
    assert yaml.safe_load((tmp_path / "config.yaml").read_text())["generator"]["speakers"] == 3
