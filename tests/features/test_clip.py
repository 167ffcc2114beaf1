"""Short words as images of one size."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.audio.resampling import resample
from speechgan.features.clip import MelClip, sheet
from speechgan.vocoders.griffin_lim import GriffinLim


@pytest.fixture(scope="module")
def features() -> MelClip:
    return MelClip()


@pytest.fixture(scope="module")
def word(digits_folder: Path) -> np.ndarray:
    wave, rate = soundfile.read(digits_folder / "train" / "7_theo_10.flac", dtype="float32")
    word = resample(wave[None], rate, 16000)[0]
    return np.pad(word, (1024, 2048 - len(word) % 256))  # a whole number of frames


def test_the_word_stands_in_the_middle_at_one_level(features: MelClip, word: np.ndarray) -> None:
    """Whatever silence is around it, and however loud it is."""
    image = features.analyse(word)
    assert image.shape == (80, 64) and image.max() == 1 and image.min() == -1
    around = np.concatenate([np.zeros(256 * 40), word, np.zeros(256 * 90)]).astype(np.float32)
    np.testing.assert_allclose(features.analyse(0.1 * around), image, atol=0.1)
    loud = np.nonzero(image.max(0) > 1 - 2 * 40 / 60)[0]
    assert abs((loud[0] + loud[-1]) / 2 - 31.5) <= 1


def test_of_a_long_sound_the_part_with_most_in_it_is_taken(
    features: MelClip, word: np.ndarray
) -> None:
    click = np.zeros(16000, np.float32)
    click[0] = 0.05
    image = features.analyse(np.concatenate([click, word, word, click]))
    assert image.max() == 1
    assert (image.max(0) > -0.5).mean() > 0.6


def test_silence_is_an_empty_image(features: MelClip) -> None:
    for samples in (0, 1, 4000):
        assert (features.analyse(np.zeros(samples, np.float32)) == -1).all()


def test_an_image_becomes_the_sound_that_it_was(features: MelClip, word: np.ndarray) -> None:
    image = features.analyse(word)
    voice = features.sound(image)
    wave = GriffinLim(features).synthesise(voice, features.frames * features.hop_length)
    again = features.analyse(wave)
    heard = image > 0
    assert np.abs(again - image)[heard].mean() < 0.15


def test_a_size_that_cannot_be_is_refused() -> None:
    for wrong in ({"span": 0.0}, {"frames": 0}):
        with pytest.raises(ValueError, match="must be above 0"):
            MelClip(**wrong)


def test_a_sheet_shows_every_image_low_bands_down() -> None:
    images = np.full((12, 3, 2), -1.0)
    images[11, 0, 1] = 1.0  # the lowest band of the last one
    found = sheet(images, columns=10)
    assert found.shape == (2 * 5, 10 * 4)
    assert found.sum() == 1 and found[5 + 2, 4 + 1] == 1
