import numpy as np
import pytest
import soundfile

from speechgan.data.enhancement.module import EnhancementData
from speechgan.data.enhancement.paired import PairCrops, open_pairs
from speechgan.data.manifest import scan
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def root(tmp_path, recordings):
    for name, (noisy, clean) in recordings.items():
        for role, wave in (("noisy", noisy), ("clean", clean)):
            (tmp_path / role).mkdir(exist_ok=True)
            soundfile.write(tmp_path / role / f"{name}.wav", wave, 16000)
    return tmp_path


def test_crops_are_aligned(root, recordings):
    pairs = open_pairs(scan(root), root, 16000, root / "cache")
    batch = PairCrops(pairs, 4, 0.5, 0)[3]
    assert batch.noisy.shape == batch.clean.shape == (4, 8000)
    for noisy, clean in zip(batch.noisy.numpy(), batch.clean.numpy(), strict=True):
        assert any(
            np.abs(whole_clean[start : start + 8000] - clean).max() < 1e-3
            for whole_noisy, whole_clean in recordings.values()
            for start in np.flatnonzero(
                np.abs(whole_noisy[: len(whole_noisy) - 7999] - noisy[0]) < 1e-4
            )
            if np.abs(whole_noisy[start : start + 8000] - noisy).max() < 1e-3
        )


def test_a_short_recording_is_followed_by_silence(root):
    pairs = open_pairs(scan(root), root, 16000, root / "cache")
    batch = PairCrops(pairs, 2, 20.0, 0)[0]
    assert batch.noisy.shape == (2, 320_000)
    assert (batch.noisy[:, -1000:] == 0).all()


def test_what_makes_no_pair_is_left_out_and_named(root, caplog):
    noisy = {path.stem: path for path in sorted((root / "noisy").iterdir())}
    whole = open_pairs(scan(root), root, 16000, root / "cache")
    for name in ("lonely", "longer", "mute", "deaf"):
        for side in ("noisy", "clean"):
            (root / side / f"{name}.wav").write_bytes(noisy["p228_wind"].read_bytes())
    (root / "clean/lonely.wav").unlink()
    soundfile.write(root / "clean/longer.wav", np.zeros(99), 16000)
    (root / "clean/mute.wav").write_bytes(b"")
    soundfile.write(root / "noisy/deaf.wav", np.full(99, np.inf), 16000, "FLOAT")
    pairs = open_pairs(scan(root), root, 16000, root / "cache")
    for text in (
        "noisy/lonely.wav: no clean recording of the same name",
        "noisy/longer.wav: not as long as its clean recording",
        "clean/mute.wav: an empty file",
        "noisy/deaf.wav: a sample is NaN",
    ):
        assert sum(text in message for message in caplog.messages) == 1
    assert len(caplog.messages) == 4
    for (name, pair), (other, expected) in zip(pairs, whole, strict=True):
        assert name == other and pair.noisy.equal(expected.noisy)
        assert pair.clean.equal(expected.clean)


def test_no_pair_at_all_is_an_error(root):
    for path in (root / "clean").iterdir():
        soundfile.write(path, np.zeros(99), 16000)
    with pytest.raises(SpeechganError, match="no noisy recording makes a pair"):
        open_pairs(scan(root), root, 16000, root / "cache")


def test_pairs_are_held_out_of_training(root):
    data = EnhancementData(root, root / "cache", seconds=0.5, batch_size=2, valid_fraction=0.34)
    training, held_out = data.open()
    trained = {r.path for r in training.pairs.noisy.recordings}
    assert len(trained) == 2
    assert {r.path for r in held_out.noisy.recordings}.isdisjoint(trained)


def test_speech_without_a_valid_split_is_mixed_for_validation(root, recordings):
    for n in range(4):
        for role in ("speech", "noise"):
            (root / "mix" / role).mkdir(parents=True, exist_ok=True)
            soundfile.write(root / f"mix/{role}/{n}.wav", recordings["p228_wind"][1], 16000)
    data = EnhancementData(root / "mix", root / "cache", seconds=0.5, rooms=0, valid_fraction=0.25)
    training, held_out = data.open()
    assert training[0].noisy.shape == (8, 8000)
    assert [pair.noisy.shape for _, pair in held_out] == [(1, 64000)] * 40
    names = [{r.path for r in m.speech.recordings} for m in (training, held_out.mixtures)]
    assert names[0].isdisjoint(names[1]) and len(names[1]) == 1
