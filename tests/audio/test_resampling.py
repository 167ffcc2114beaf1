"""Resampling: right, without delay, without seams."""

import numpy as np
import pytest
from scipy import signal

from speechgan import audio

RATE = 16000


@pytest.mark.parametrize(("low", "high"), [(16000, 48000), (16000, 44100), (8000, 16000)])
def test_resampling_agrees_with_scipy_and_has_no_delay(low: int, high: int) -> None:
    time = np.arange(2 * low) / low
    # Well inside the band and faded at the ends, where scipy's filter and soxr's may differ.
    wave = signal.chirp(time, 100, 2, 0.35 * low)[None] * signal.windows.tukey(len(time), 0.2)
    up = audio.resample(wave, low, high)
    expected = signal.resample_poly(wave, high, low, axis=1, window=("kaiser", 12.0))
    assert up.shape == expected.shape
    assert np.abs(up - expected).max() < 2e-3
    assert np.abs(audio.resample(up, high, low) - wave).max() < 1e-4


def test_resampling_in_blocks_is_resampling_the_whole() -> None:
    wave = np.random.default_rng(1).uniform(-0.2, 0.2, (2, 44100)).astype(np.float32)
    whole = audio.resample(wave, 44100, RATE)
    for length in (1, 617, 10000):
        count = 3000 if length == 1 else wave.shape[1]
        pieces = (wave[:, start : start + length] for start in range(0, count, length))
        blocks = np.concatenate(list(audio.resample_blocks(pieces, 44100, RATE, 2)), axis=1)
        if count == wave.shape[1]:
            assert np.array_equal(blocks, whole)
        else:
            assert np.array_equal(blocks, audio.resample(wave[:, :count], 44100, RATE))
