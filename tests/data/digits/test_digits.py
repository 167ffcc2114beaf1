"""Folders of spoken digits as labelled batches."""

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from speechgan.data.digits.batches import shift_frames
from speechgan.data.digits.module import DigitData, OpenDigits
from speechgan.features.clip import MelClip
from speechgan.utils.errors import SpeechganError


@pytest.fixture(scope="module")
def opened(digits_folder: Path) -> OpenDigits:
    return DigitData(digits_folder, batch_size=16, valid_every=3).open(MelClip())


def test_every_image_has_the_labels_of_its_file(opened: OpenDigits, digits_folder: Path) -> None:
    assert opened.labels.digits == tuple("0123456789")
    assert opened.labels.speakers == ("george", "lucas", "theo")
    assert len(opened.train.images) == 60 and len(opened.valid.images) == 30
    path = next((digits_folder / "train").glob("4_lucas_*"))
    assert soundfile.info(path).samplerate == 8000
    rows = (opened.train.labels == [4, 1]).all(1)
    assert rows.sum() == 2
    images = opened.train.images[rows]
    # 8 kHz hold nothing above 4 kHz, the upper quarter of the bands.
    assert (images[:, 65:] < -0.9).mean() > 0.9 and (images[:, :40] > 0).any()


def test_a_batch_is_the_same_whenever_it_is_asked_for(opened: OpenDigits) -> None:
    one, other, again = opened.batches[3], opened.batches[4], opened.batches[3]
    assert torch.equal(one.image, again.image) and torch.equal(one.others, again.others)
    assert not torch.equal(one.image, other.image)
    assert one.image.shape == (16, 1, 80, 64) and one.image.dtype == torch.float32
    assert opened.batches.seconds == pytest.approx(16 * 1.024)


def test_other_labels_are_never_an_images_own(opened: OpenDigits) -> None:
    seen = set()
    for number in range(40):
        batch = opened.batches[number]
        assert (batch.labels != batch.others).all()
        assert (batch.others >= 0).all() and (batch.others < torch.tensor([10, 3])).all()
        seen |= {tuple(row) for row in batch.others.tolist()}
    assert len(seen) == 30


def test_what_moves_in_is_silence() -> None:
    image = np.arange(6.0).reshape(2, 3)
    assert shift_frames(image, 1).tolist() == [[-1, 0, 1], [-1, 3, 4]]
    assert shift_frames(image, -2).tolist() == [[2, -1, -1], [5, -1, -1]]
    assert shift_frames(image, 0).tolist() == image.tolist()


def test_an_unheard_combination_is_left_out_everywhere(digits_folder: Path) -> None:
    opened = DigitData(digits_folder, valid_every=3, unheard=["3_theo"]).open(MelClip())
    for part in (opened.train, opened.valid):
        assert not (part.labels == [3, 2]).all(1).any()
        assert (part.labels[:, 0] == 3).any() and (part.labels[:, 1] == 2).any()
    assert len(opened.train.images) == 58


@pytest.mark.parametrize(
    ("name", "settings", "text"),
    [
        ("seven.wav", {}, "not named DIGIT_SPEAKER_TAKE"),
        ("7_theo_1.wav", {"unheard": ["8_theo"]}, "has no 8_theo"),
        ("7_theo_1.wav", {}, "less than two recordings"),
        ("notes.txt", {}, "no WAV or FLAC files"),
        (None, {}, "no such folder"),
    ],
)
def test_folders_that_cannot_be_used(
    tmp_path: Path, name: str | None, settings: dict[str, list[str]], text: str
) -> None:
    if name:
        (tmp_path / "train").mkdir()
        soundfile.write(tmp_path / "train" / "x.wav", np.ones(800) / 2, 8000)
        (tmp_path / "train" / "x.wav").rename(tmp_path / "train" / name)
    with pytest.raises(SpeechganError, match=text):
        DigitData(tmp_path, **settings).open(MelClip())


def test_silent_recordings_are_left_out_and_named(
    digits_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(digits_folder / "train", tmp_path / "train")
    soundfile.write(tmp_path / "train" / "7_theo_0.wav", np.zeros(8000), 8000)
    with caplog.at_level(logging.WARNING, "speechgan"):
        opened = DigitData(tmp_path, valid_every=4).open(MelClip())
    assert "7_theo_0.wav holds no sound" in caplog.text
    assert len(opened.train.images) + len(opened.valid.images) == 90


def test_a_broken_recording_is_named(digits_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(digits_folder / "train", tmp_path / "train")
    (tmp_path / "train" / "7_theo_0.wav").write_text("no sound")
    with pytest.raises(SpeechganError, match=r"7_theo_0\.wav"):
        DigitData(tmp_path).open(MelClip())


def test_numbers_out_of_their_range() -> None:
    for wrong in ({"batch_size": 1}, {"shift": -1}, {"valid_every": 1}):
        with pytest.raises(ValueError, match="must be 2 or more"):
            DigitData(Path(), **wrong)


def test_recordings_that_are_all_silent_are_too_few(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for take in range(3):
        soundfile.write(tmp_path / "train" / f"7_theo_{take}.wav", np.zeros(8000), 8000)
    with pytest.raises(SpeechganError, match="less than two recordings to train on"):
        DigitData(tmp_path).open(MelClip())
