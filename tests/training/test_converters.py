"""Converters, trained on the test voices and used."""

import json
from pathlib import Path

import pytest
import soundfile
from safetensors.torch import load_file

from speechgan.cli.main import main

TINY = [
    "data.batch_size=2",
    "data.frames=32",
    "data.workers=1",
    "features.f0=dio",
    "trainer.max_steps=2",
    "trainer.validate_every=2",
    "trainer.accelerator=cpu",
    "trainer.threads=1",
    "trainer.warmup_steps=0",
]
EARLY = "trainer.turns.discriminator.start=0"
TWO_WAY = ["generator.width=0.03", "generator.blocks=1"]
SMALL = {
    "shared_latent": ["generator.channels=8", "discriminator.width=0.03", EARLY],
    "judged_latent": ["generator.channels=8", "discriminator.widths=[4,4]", EARLY],
    "cyclegan": [*TWO_WAY, "discriminator.width=0.03", EARLY],
    "cyclegan_vc": [*TWO_WAY, "discriminator.width=0.03", EARLY],
    "cyclegan_vc2": [*TWO_WAY, "discriminator.width=0.03", EARLY],
    "maskcyclegan_vc": [*TWO_WAY, "discriminator.width=0.03", EARLY],
    "stargan_vc": ["generator.width=0.1", "discriminator.width=0.1", EARLY],
    "shallow": ["generator.channels=4", "discriminator.width=0.03", EARLY],
    "fhvae": ["generator.cells=8", "generator.code=2"],
    "aligned": TWO_WAY,
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def train(root: Path, cache: Path, folder: Path, *settings: str) -> int:
    own = [f"data.root={root}", f"data.cache={cache}", f"run.folder={folder}"]
    tiny = [s for s in TINY if not ("f0" in s and "system=maskcyclegan_vc" in settings)]
    return main(["train", "convert", *own, *tiny, *settings])


def say_the_same(voices: Path, folder: Path) -> Path:
    """Voices with the same sentence names, as if they had been read from one script."""
    root = folder / "voices"
    for speaker in ("kerstin", "p228"):
        (root / speaker).mkdir(parents=True)
        for n, path in enumerate(sorted((voices / speaker).iterdir())[:3]):
            (root / speaker / f"{n}.wav").write_bytes(path.read_bytes())
    return root


@pytest.mark.parametrize("system", SMALL)
def test_every_system_trains_into_a_model_that_converts(
    system: str, voices_folder: Path, cache: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    root = say_the_same(voices_folder, tmp_path) if system == "aligned" else voices_folder
    assert train(root, cache, run, f"system={system}", *SMALL[system]) == 0
    source = voices_folder / "p228" / "p228_wind_0.wav"
    command = ["convert", "--src", str(source), "--target-speaker", "kerstin"]
    out = tmp_path / "out.wav"
    assert main([*command, "--model", str(run / "best"), "-o", str(out)]) == 0
    assert soundfile.info(out).frames == soundfile.info(source).frames
    card = (run / "best" / "card.md").read_text()
    assert "between kerstin, p228" in card and "2 steps" in card
    alone = system in ("aligned", "fhvae")
    players = ["generator ("] if alone else ["generator (", "discriminator ("]
    assert all(player in card for player in players)


@pytest.mark.parametrize("system", ["mean_variance", "nearest", "inca", "ridge"])
def test_every_floor_is_fitted_into_a_model_that_converts(
    system: str,
    voices_folder: Path,
    cache: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, out = tmp_path / "run", tmp_path / "out.wav"
    root = say_the_same(voices_folder, tmp_path) if system == "ridge" else voices_folder
    assert train(root, cache, run, f"system={system}") == 0
    assert "step 0, dist" in capsys.readouterr().out
    assert "valid/score" in (run / "metrics.jsonl").read_text()
    source = voices_folder / "p228" / "p228_wind_0.wav"
    command = ["convert", "--src", str(source), "--target-speaker", "kerstin", "-o", str(out)]
    command += ["--source-speaker", "p228", "--model", str(run / "best")]
    assert main(command) == 0
    assert soundfile.info(out).frames == soundfile.info(source).frames
    capsys.readouterr()
    if system in ("inca", "ridge"):
        assert main(["export", str(run / "best")]) == 0  # compares what it writes
    else:
        assert main(["export", str(run / "best")]) == 1
        assert "would not see its target; use the torch engine" in capsys.readouterr().err
        assert not (run / "best" / "model.onnx").exists()


def test_one_recording_of_each_is_enough(voices_folder: Path, cache: Path, tmp_path: Path) -> None:
    """Nothing can be held out then; the last step is kept."""
    root = tmp_path / "voices"
    for speaker in ("kerstin", "p228"):
        (root / speaker).mkdir(parents=True)
        path = sorted((voices_folder / speaker).iterdir())[0]
        (root / speaker / "all.wav").write_bytes(path.read_bytes())
    run = tmp_path / "run"
    settings = [*SMALL["shared_latent"], "trainer.max_steps=4"]
    assert train(root, cache, run, *settings) == 0
    assert "4 steps" in (run / "best" / "card.md").read_text()


def test_recordings_that_cannot_be_read_are_named(
    voices_folder: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for speaker in ("kerstin", "p228"):
        (tmp_path / speaker).mkdir()
        path = sorted((voices_folder / speaker).iterdir())[0]
        (tmp_path / speaker / "good.wav").write_bytes(path.read_bytes())
    (tmp_path / "p228" / "text.wav").write_text("not audio")
    for workers in (1, 2):
        settings = [*SMALL["shared_latent"], f"data.workers={workers}"]
        assert train(tmp_path, cache, tmp_path / "run", *settings) == 1
        err = capsys.readouterr().err
        assert "text.wav: not audio" in err and "Traceback" not in err


def test_content_can_be_kept_by_a_pretrained_embedding(
    voices_folder: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    encoder = tmp_path / "encoder"
    assert train(voices_folder, cache, encoder, *SMALL["shared_latent"]) == 0
    small = ["system=embedding", *SMALL["shallow"]]
    run = tmp_path / "run"
    assert train(voices_folder, cache, run, *small, f"run.embedding={encoder / 'best'}") == 0
    assert "loss/consistency" in (run / "metrics.jsonl").read_text()
    assert not [k for k in load_file(run / "best" / "model.safetensors") if "embedding" in k]
    assert train(voices_folder, cache, tmp_path / "none", *small) == 1
    assert "needs an embedding" in capsys.readouterr().err


def test_a_speaker_is_added_by_training_further(
    voices_folder: Path, cache: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    assert train(voices_folder, cache, first, *SMALL["shared_latent"]) == 0
    root = tmp_path / "new"
    (root / "zoe").mkdir(parents=True)
    for path in (voices_folder / "kerstin").iterdir():
        (root / "zoe" / path.name).write_bytes(path.read_bytes())
    second = tmp_path / "second"
    fine_tune = f"run.fine_tune={first / 'best'}"
    assert train(root, cache, second, *SMALL["shared_latent"], fine_tune) == 0
    rows = json.loads((second / "best" / "speakers.json").read_text())
    assert [row["name"] for row in rows] == ["kerstin", "p228", "zoe"]
    assert rows[:2] == json.loads((first / "best" / "speakers.json").read_text())
    old, new = (load_file(run / "best" / "model.safetensors") for run in (first, second))
    name = "outer_decoder.embedding.weight"
    assert len(new[name]) == 3 and (new[name][:2] - old[name]).abs().max() < 0.1


def test_a_model_is_not_trained_further_on_voices_of_other_features(
    voices_folder: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = tmp_path / "first"
    assert train(voices_folder, cache, first, *SMALL["shared_latent"]) == 0
    fine_tune = (*SMALL["shared_latent"], f"run.fine_tune={first / 'best'}")
    assert train(voices_folder, cache, tmp_path / "x", *fine_tune, "sample_rate=22050") == 1
    assert "are of sample_rate 16000, not 22050; take" in capsys.readouterr().err
    assert train(voices_folder, cache, tmp_path / "x", *fine_tune, "features.f0=harvest") == 0


def test_two_directions_are_not_trained_further_on_one_voice(
    voices_folder: Path, cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ("system=cyclegan_vc", *SMALL["cyclegan_vc"])
    assert train(voices_folder, cache, tmp_path / "first", *settings) == 0
    further = (*settings, f"run.fine_tune={tmp_path / 'first' / 'best'}")
    assert train(voices_folder, cache, tmp_path / "x", *further, "data.speakers=[p228]") == 1
    assert "recordings of both speakers, and one has none" in capsys.readouterr().err
    assert train(voices_folder, cache, tmp_path / "x", *further) == 0


@pytest.mark.parametrize("system", ["cyclegan_vc", "fhvae"])
def test_a_run_goes_on_exactly_where_it_stood(
    system: str, voices_folder: Path, cache: Path, tmp_path: Path
) -> None:
    """The latter draws codes in every step."""
    settings = [f"system={system}", *SMALL[system], "trainer.decay_steps=0"]
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert train(voices_folder, cache, whole, *settings, "trainer.max_steps=4") == 0
    assert train(voices_folder, cache, halves, *settings) == 0
    assert train(voices_folder, cache, halves, *settings, "trainer.max_steps=4", "--resume") == 0
    one, other = (load_file(run / "last.safetensors") for run in (whole, halves))
    assert all(one[name].equal(other[name]) for name in one)
