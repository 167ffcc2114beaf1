"""Clipped peaks are found and made anew, and nothing else is touched."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from speechgan.audio import clipping
from speechgan.audio.clipping import declip, find_clipped
from speechgan.metrics.intrusive import si_sdr

RATE = 16000
TIME = np.arange(RATE) / RATE


def clip(wave: np.ndarray, low: float, high: float) -> np.ndarray:
    """At shares of the greatest sample."""
    peak = np.abs(wave).max()
    return np.clip(wave, low * peak, high * peak)


def gain(wave: np.ndarray, clipped: np.ndarray, rate: int = RATE) -> float:
    """By how many decibels declipping comes nearer to the wave."""
    return si_sdr(wave, declip(clipped, rate), rate) - si_sdr(wave, clipped, rate)


@pytest.fixture
def speech(recordings) -> np.ndarray:
    """Three seconds, or less, of each voice."""
    return np.concatenate(
        [clean[: 3 * RATE] / np.abs(clean).max() for _, clean in recordings.values()]
    )


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_speech_comes_nearer_to_what_it_was(speech, share):
    assert gain(speech, clip(speech, -share, share)) > 3


@pytest.mark.parametrize(("low", "high"), [(-1.0, 0.2), (-0.2, 1.0), (-0.15, 0.3)])
def test_each_side_has_its_own_height(speech, low, high):
    assert gain(speech, clip(speech, low, high)) > 3


@pytest.mark.parametrize("rate", [8000, 48000])
def test_at_other_sample_rates(speech, rate):
    wave = resample_poly(speech, rate, RATE).astype(np.float32)
    assert gain(wave, clip(wave, -0.2, 0.2), rate) > 3


@pytest.mark.parametrize("steps", [2**15, 2**7])
def test_heights_may_have_been_rounded(speech, steps):
    clipped = clip(0.9 * speech / np.abs(speech).max(), -0.3, 0.3)
    assert gain(speech, np.round(steps * clipped) / steps) > 3


def test_only_what_was_cut_off_changes_and_only_outwards(speech):
    clipped = clip(speech, -0.2, 0.2)
    limit = np.abs(clipped).max()
    cut = np.abs(clipped) >= 0.998 * limit
    made = declip(clipped, RATE)
    np.testing.assert_array_equal(made[~cut], clipped[~cut])
    assert (np.abs(made[cut]) >= 0.997 * limit).all()
    assert (np.sign(made[cut]) == np.sign(clipped[cut])).all()
    assert limit * 2 < np.abs(made).max() <= 10 * limit


def test_loudness_makes_no_difference(speech):
    clipped = clip(speech, -0.2, 0.2)
    soft = declip(clipped * np.float32(2**-10), RATE)
    np.testing.assert_allclose(soft * 2**10, declip(clipped, RATE), atol=1e-4)


@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(RATE),
        np.full(RATE, 0.5),
        np.sign(np.sin(2 * np.pi * 110 * TIME)),
        np.zeros(0),
        np.full(1, 0.3),
        np.round(3 * np.sin(2 * np.pi * 110 * TIME)) / 128,
        np.clip(50 * np.sin(2 * np.pi * 110 * TIME), -1, 1),
        np.random.default_rng(0).standard_normal(RATE),
    ],
    ids=["silence", "constant", "square", "empty", "one", "three_steps", "steep", "noise"],
)
def test_what_is_flat_by_itself_stays(wave):
    np.testing.assert_array_equal(declip(wave.astype(np.float32), RATE), wave.astype(np.float32))


def test_recordings_that_were_not_clipped_stay(recordings):
    for noisy, clean in recordings.values():
        for wave in (noisy, clean):
            assert declip(wave, RATE) is wave


def test_a_few_flat_places_are_not_clipping(speech):
    wave = speech.copy()
    for start in range(8000, 40_000, 8000):
        wave[start : start + 5] = np.abs(speech).max()
    assert declip(wave, RATE) is wave


def test_nothing_is_made_higher_than_the_limit(speech, monkeypatch):
    clipped = clip(speech, -0.2, 0.2)
    monkeypatch.setattr(clipping, "HIGHEST", 1.5)
    assert np.abs(declip(clipped, RATE)).max() == pytest.approx(1.5 * np.abs(clipped).max())


@pytest.mark.parametrize("rate", [16000, 48000])
def test_a_tone_hardly_changes_whose_tops_are_all_as_high(rate):
    tone = (0.3 * np.sin(2 * np.pi * 123.4 * np.arange(rate) / rate)).astype(np.float32)
    assert find_clipped(tone, rate).any()
    assert np.square(declip(tone, rate) - tone).sum() < 1e-5 * np.square(tone).sum()
