"""Short gaps are found and filled, and nothing else is touched."""

import numpy as np
import pytest

from speechgan.audio import resample
from speechgan.audio.gaps import fill_gaps, find_gaps

RATE = 16000
TIME = np.arange(RATE) / RATE


def error_of(filled: np.ndarray, wave: np.ndarray) -> float:
    """In dB below the wave."""
    return 10 * np.log10(np.square(filled - wave).sum() / np.square(wave).sum())


def cut(wave: np.ndarray, *gaps: tuple[int, int]) -> np.ndarray:
    """Zeros in all gaps."""
    zeros = wave.copy()
    for start, stop in gaps:
        zeros[start:stop] = 0
    return zeros


@pytest.mark.parametrize("rate", [16000, 48000])
def test_gaps_in_a_sine_are_filled(rate):
    time = np.arange(rate) / rate
    wave = 0.3 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 1234 * time)
    gaps = [(rate // 4, rate // 4 + rate // 20), (rate // 2, rate // 2 + rate // 10)]
    zeros = cut(wave, *gaps)
    filled = fill_gaps(zeros, rate)
    assert error_of(filled, wave) < error_of(zeros, wave) - 15
    near = round(0.002 * rate) + 1
    untouched = cut(np.ones(rate), *((a - near, b + near) for a, b in gaps)) > 0
    np.testing.assert_array_equal(filled[untouched], wave[untouched])


def test_both_sides_are_heard():
    """The pitch that begins after the gap sounds at its end, the one before at its beginning."""
    wave = np.where(TIME < 0.1, np.sin(2 * np.pi * 300 * TIME), np.sin(2 * np.pi * 900 * TIME))
    filled = fill_gaps(cut(wave, (1120, 2080)), RATE)
    assert error_of(filled[1120:1220], wave[1120:1220]) < -15
    assert error_of(filled[1980:2080], wave[1980:2080]) < -15


def test_gaps_are_found_after_resampling():
    wave = np.sin(2 * np.pi * 300 * np.arange(48000) / 48000)
    zeros = cut(wave, (20000, 23000)).astype(np.float32)
    (gap,) = find_gaps(resample(zeros[None], 48000, RATE)[0], RATE)
    assert gap[0] == pytest.approx(20000 / 3, abs=80)
    assert gap[1] == pytest.approx(23000 / 3, abs=80)


@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_pauses_are_no_gaps(recordings, scale):
    """Not before and after the sound, not for long, not with anything in them, and not faded."""
    for _, clean in recordings.values():
        assert not find_gaps(scale * clean, RATE)
    voice = scale * np.sin(2 * np.pi * 200 * TIME)
    for start, stop in ((0, 1000), (15000, 16000), (5000, 7500), (5000, 5070)):
        assert not find_gaps(cut(voice, (start, stop)), RATE)
    assert len(find_gaps(cut(voice, (5000, 5100)), RATE)) == 1
    fade = np.interp(TIME, [0.3, 0.33, 0.37, 0.4], [1, 0, 0, 1])
    assert not find_gaps(voice * fade**4, RATE)


def test_what_has_no_gaps_is_given_as_it_is(recordings):
    noisy, _ = recordings["p228_wind"]
    assert fill_gaps(noisy, RATE) is noisy


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_short_waves_and_silence(samples):
    for wave in (np.zeros(samples), np.ones(samples)):
        np.testing.assert_array_equal(fill_gaps(wave, RATE), wave)


def test_what_is_filled_does_not_grow():
    wave = cut(np.r_[np.zeros(3000), np.ones(3000)], (4000, 4960))
    filled = fill_gaps(wave, RATE)
    assert np.isfinite(filled).all()
    assert np.abs(filled).max() < 1.5
