"""Restoring sounds and files: what is done around the network."""

import numpy as np
import pytest
import soundfile

from speechgan import Enhancer, Restorer
from speechgan.audio.gaps import fill_gaps
from speechgan.utils.errors import SpeechganError


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    """Around a small enhancer, which does not care what it is asked for."""
    return Restorer.from_pretrained("tiny")


@pytest.fixture
def damaged(recordings) -> np.ndarray:
    wave = np.tile(recordings["p228_wind"][0], 4)
    for start in range(5000, len(wave), 8000):
        wave[start : start + 960] = 0
    return wave


def test_the_network_is_given_what_is_filled(restorer, damaged):
    filled = fill_gaps(damaged, 16000)
    enhanced = Enhancer.from_pretrained("tiny")(filled, 16000)
    np.testing.assert_allclose(restorer(damaged, 16000), enhanced, atol=1e-5)
    np.testing.assert_allclose(restorer(damaged, 16000, strength=0.0), filled, atol=1e-6)


@pytest.mark.parametrize(
    ("rate", "made"), [(8000, 16000), (11025, 16000), (16000, 16000), (44100, 44100)]
)
def test_narrow_bands_come_out_at_the_rate_of_the_model(restorer, tmp_path, rate, made):
    wave = (0.1 * np.random.default_rng(0).standard_normal((rate * 2, 2))).astype(np.float32)
    restored = restorer(wave.T, rate)
    assert restorer.output_rate(rate) == made
    assert restored.shape == (2, 2 * made)
    assert restored.dtype == np.float32
    soundfile.write(tmp_path / "a.wav", wave, rate)
    written = restorer.restore_file(tmp_path / "a.wav", tmp_path / "b.wav")
    assert (written.sample_rate, written.channels, written.seconds) == (made, 2, 2.0)
    read, read_rate = soundfile.read(tmp_path / "b.wav", always_2d=True)
    assert (read.shape, read_rate) == ((2 * made, 2), made)
    np.testing.assert_allclose(read.T, restored, atol=1e-4)


def test_each_channel_is_restored_by_itself(restorer, damaged):
    other = np.roll(damaged, 3000)
    both = restorer(np.stack([damaged, other]), 16000)
    np.testing.assert_allclose(both[1], restorer(other, 16000), atol=1e-5)


@pytest.mark.parametrize(
    ("wave", "rate", "strength", "text"),
    [
        (np.zeros(0), 16000, 1.0, "not empty"),
        (np.full(100, np.nan), 16000, 1.0, "NaN"),
        (np.zeros(100), 0, 1.0, "sample rate 0"),
        (np.zeros(100), 16000, 1.5, "strength 1.5: must be from 0 to 1"),
    ],
)
def test_what_cannot_be_restored_is_refused(restorer, wave, rate, strength, text):
    with pytest.raises(SpeechganError, match=text):
        restorer(wave, rate, strength=strength)
