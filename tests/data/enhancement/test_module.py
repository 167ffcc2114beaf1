from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from hydra.utils import instantiate

from speechgan.data.enhancement.degradation import Degradation
from speechgan.data.enhancement.mixing import FirstMixtures, Mixtures
from speechgan.data.enhancement.module import EnhancementData
from speechgan.data.enhancement.paired import PairCrops, PairStore
from speechgan.data.manifest import scan, write_manifest
from speechgan.training.compose import compose
from speechgan.utils.errors import SpeechganError


def put(path: Path, level: float) -> None:
    """Half a second of a constant, so that a sample tells the file it comes from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.full(8000, level), 16000)


def open_data(root: Path, **settings) -> tuple:
    return EnhancementData(root, root.parent / "cache", seconds=0.25, rooms=0, **settings).open()


def test_held_out_pairs_are_never_trained_on(tmp_path):
    for number in range(10):
        put(tmp_path / "data" / "clean" / f"{number}.wav", number / 20)
        put(tmp_path / "data" / "noisy" / f"{number}.wav", number / 20 + 0.01)
    training, held_out = open_data(tmp_path / "data", valid_fraction=0.3, batch_size=8)
    assert isinstance(training, PairCrops) and len(held_out) == 3
    trained_on = {
        round(level * 20) for batch in range(30) for level in training[batch].clean.mean(1).tolist()
    }
    validated_on = {round(pair.clean.mean().item() * 20) for _, pair in held_out}
    assert len(trained_on) == 7 and not trained_on & validated_on


def test_some_of_the_speech_will_do(tmp_path):
    """So many recordings of the whole range, and as ever all of the noise."""
    for number in range(10):
        put(tmp_path / "data" / "speech" / "train" / f"{number}.wav", 0.1 + number / 20)
        put(tmp_path / "data" / "noise" / "train" / f"{number}.wav", 0.1)
        put(tmp_path / "data" / "speech" / "valid" / f"{number}.wav", 0.1)
        put(tmp_path / "data" / "noise" / "valid" / f"{number}.wav", 0.1)
    for asked, given in ((3, [0, 4, 9]), (0, [*range(10)]), (11, [*range(10)])):
        training, _ = open_data(tmp_path / "data", train_speech=asked)
        levels = [float(training.speech[n].mean()) for n in range(len(training.speech))]
        assert [round((level - 0.1) * 20) for level in levels] == given
        assert len(training.noise) == 10


def test_published_voicebank_folders_hold_two_speakers_out(tmp_path):
    root = tmp_path / "VCTK-DEMAND"
    for side in ("clean", "noisy"):
        for speaker, level in (("p226", 0.1), ("p257", 0.2), ("p287", 0.3)):
            put(root / f"{side}_trainset_28spk_wav" / f"{speaker}_001.wav", level)
        put(root / f"{side}_testset_wav" / "p232_001.wav", 0.4)
    config = compose(
        "enhance", ["data=voicebank", f"data.root={root}", f"data.cache={tmp_path / 'cache'}"]
    )
    training, held_out = instantiate(config.data, _convert_="all").open()
    levels = torch.cat([training[n].clean.amax(1) for n in range(5)])
    assert levels.numpy() == pytest.approx(0.1, abs=1e-3)
    assert sorted(round(pair.clean.max().item(), 1) for _, pair in held_out) == [0.2, 0.3]


def test_speech_and_noise_are_mixed_and_a_manifest_does_as_well(tmp_path, recordings):
    root = tmp_path / "data"
    for split, name in (("train", "p228_wind"), ("valid", "kerstin_wind")):
        noisy, clean = recordings[name]
        for role, wave in (("speech", clean), ("noise", noisy - clean)):
            (root / role / split).mkdir(parents=True)
            soundfile.write(root / role / split / f"{name}.wav", wave, 16000)
    training, held_out = open_data(root)
    assert isinstance(training, Mixtures) and isinstance(held_out, FirstMixtures)
    write_manifest(scan(root), root / "manifest.csv")
    again, _ = EnhancementData(
        root / "manifest.csv", tmp_path / "cache", seconds=0.25, rooms=0
    ).open()
    assert torch.equal(training[3].noisy, again[3].noisy)


def test_mixtures_can_be_validated_on_although_there_are_pairs(tmp_path):
    for role in ("speech", "noise", "clean", "noisy"):
        for split in ("train", "valid"):
            put(tmp_path / "data" / role / split / "a.wav", 0.1)
    _, pairs = open_data(tmp_path / "data")
    _, mixtures = open_data(tmp_path / "data", valid_mixtures=True, valid_items=3)
    assert isinstance(pairs, PairStore) and isinstance(mixtures, FirstMixtures)
    assert len(list(mixtures)) == 3


def test_every_way_of_degrading_can_be_set_from_the_command_line(tmp_path, recordings):
    noisy, clean = recordings["p228_wind"]
    for role, wave in (("speech", clean), ("noise", noisy - clean)):
        for split in ("train", "valid"):
            path = tmp_path / "data" / role / split / "a.wav"
            path.parent.mkdir(parents=True)
            soundfile.write(path, wave, 16000)
    settings = [f"data.root={tmp_path / 'data'}", f"data.cache={tmp_path / 'cache'}"]
    settings += ["data.rooms=0", "data.seconds=0.25"]
    config = compose("enhance", [*settings, "data.degradation.speechless=1"])
    assert {f.name for f in fields(Degradation)} == set(config.data.degradation) - {"_target_"}
    training, held_out = instantiate(config.data, _convert_="all").open()
    for batch in (training[0], next(iter(held_out))[1]):
        assert (batch.clean == 0).all() and (batch.noisy.abs().amax(1) > 0).all()


@pytest.mark.parametrize(
    ("paths", "text"),
    [
        (["noise/train/a.wav", "noise/valid/b.wav"], "nothing to train on"),
        (["speech/train/a.wav", "noise/a.wav"], "no valid speech"),
        (["clean/a.wav", "noisy/b.wav"], r"noisy"),
    ],
)
def test_what_is_missing_is_named(tmp_path, paths, text):
    for path in paths:
        put(tmp_path / "data" / path, 0.1)
    with pytest.raises(SpeechganError, match=text) as caught:
        open_data(tmp_path / "data")
    assert "\n" not in str(caught.value)
