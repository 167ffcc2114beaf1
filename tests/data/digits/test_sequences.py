"""Digits of one speaker, said one after another."""

from pathlib import Path

import numpy as np
import pytest
import torch

from speechgan.data.digits.module import DigitData, ImageSet, OpenDigits
from speechgan.data.digits.sequences import cut_seconds, join_seconds
from speechgan.features.clip import MelClip

LENGTH = 3


@pytest.fixture(scope="module")
def opened(digits_folder: Path) -> OpenDigits:
    data = DigitData(digits_folder, batch_size=16, shift=0, valid_every=3, sequence=LENGTH)
    return data.open(MelClip())


def name_seconds(images: np.ndarray, known: ImageSet) -> np.ndarray:
    """Labels `(second, 2)` of the very recordings that sequences consist of."""
    found = []
    for second in cut_seconds(images, LENGTH):
        (same,) = np.nonzero((known.images == second).all((1, 2)))
        assert len(same) == 1
        found.append(known.labels[same[0]])
    return np.array(found)


def test_a_sequence_is_what_its_labels_say_in_their_order(opened: OpenDigits) -> None:
    batch = opened.batches[5]
    assert batch.image.shape == (16, 1, 80, LENGTH * 64) and batch.image.dtype == torch.float32
    named = name_seconds(batch.image[:, 0].numpy(), opened.train)
    assert np.array_equal(named.reshape(16, LENGTH, 2), batch.labels)


def test_one_speaker_says_a_sequence_of_anything(opened: OpenDigits) -> None:
    labels = torch.cat([opened.batches[number].labels for number in range(30)])
    assert (labels[:, :, 1] == labels[:, :1, 1]).all()
    assert set(labels[:, 0, 1].tolist()) == {0, 1, 2}
    for place in range(LENGTH):
        assert set(labels[:, place, 0].tolist()) == set(range(10))
    said = {tuple(row) for row in labels[:, :, 0].tolist()}
    assert len(said) > 0.7 * len(labels)


def test_a_sequence_is_the_same_whenever_it_is_asked_for(opened: OpenDigits) -> None:
    one, other, again = opened.batches[3], opened.batches[4], opened.batches[3]
    assert torch.equal(one.image, again.image) and torch.equal(one.labels, again.labels)
    assert not torch.equal(one.image, other.image)
    assert opened.batches.seconds == pytest.approx(16 * LENGTH * 1.024)


def test_each_second_is_moved_by_itself(digits_folder: Path) -> None:
    still, moved = (
        DigitData(digits_folder, valid_every=3, shift=n, sequence=2).open(MelClip()).batches[0]
        for n in (0, 2)
    )
    same = (still.image == moved.image).flatten(0, 2).unflatten(1, (2, 64)).flatten(2)
    halves = same.unflatten(0, (32, 80)).all((1, 3))
    assert halves.any() and not halves.all() and (halves[:, 0] != halves[:, 1]).any()


def test_what_is_held_out_is_said_in_a_fixed_draw(opened: OpenDigits, digits_folder: Path) -> None:
    single = DigitData(digits_folder, valid_every=3).open(MelClip())
    assert np.array_equal(opened.train.images, single.train.images)
    named = name_seconds(opened.valid.images, single.valid).reshape(-1, LENGTH, 2)
    assert np.array_equal(named, opened.valid.labels)
    assert np.array_equal(named[:, 0], single.valid.labels)
    again = single.valid.in_sequence(LENGTH)
    assert np.array_equal(again.images, opened.valid.images)


def test_where_nothing_is_held_out_no_sequence_is(digits_folder: Path) -> None:
    opened = DigitData(digits_folder, valid_every=99, sequence=LENGTH).open(MelClip())
    assert opened.valid.images.shape == (0, 80, LENGTH * 64)


def test_seconds_that_are_cut_are_those_that_were_joined() -> None:
    images = np.random.default_rng(0).random((6, 5, 4))
    joined = join_seconds(images, 3)
    assert np.array_equal(joined[1, :, 4:8], images[4])
    assert np.array_equal(cut_seconds(joined, 3), images)


def test_a_sequence_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"data\.sequence 0: must be a whole number"):
        DigitData(Path(), sequence=0)
