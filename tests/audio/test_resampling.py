"""Resampling: right, without delay, without seams."""

import tracemalloc

import numpy as np
import pytest
from scipy import signal

from speechgan import audio
from speechgan.audio import LiveResampler

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


@pytest.mark.parametrize(
    ("rate", "to"), [(8000, 16000), (44100, 16000), (16000, 44100), (44056, 16000), (16000, 16000)]
)
def test_live_resampling_is_exact_in_any_blocks_and_hardly_late(rate: int, to: int) -> None:
    def tone(rate: int, samples: int) -> np.ndarray:
        time = np.arange(samples) / rate
        return sum(np.sin(2 * np.pi * f * time + f) for f in (200, 1100, 3000))[None]

    wave = tone(rate, rate // 2).astype(np.float32)
    resampler, random = LiveResampler(rate, to, 1), np.random.default_rng(0)
    start, made = 0, [np.zeros((1, 0), np.float32)]
    while start < wave.shape[1]:
        stop = start + int(random.integers(0, 90))
        made.append(resampler(wave[:, start:stop]))
        start = min(stop, wave.shape[1])
        late = start / rate - sum(piece.shape[1] for piece in made) / to
        assert late <= resampler.delay + 1e-9 <= 0.004
    found = np.concatenate(made, axis=1)
    expected = tone(to, found.shape[1])
    settled = slice(to // 50, None)
    assert np.abs(found - expected)[:, settled].max() < 2e-3


def test_live_resampling_lets_nothing_fold_back_and_goes_on_from_a_state() -> None:
    high = np.sin(2 * np.pi * 9500 / 48000 * np.arange(48000))[None].astype(np.float32)
    assert np.abs(LiveResampler(48000, 16000, 1)(high)[:, 100:]).max() < 0.01
    wave = np.random.default_rng(1).standard_normal((2, 9000)).astype(np.float32)
    whole = LiveResampler(44100, 16000, 2)(wave)
    first, second = LiveResampler(44100, 16000, 2), LiveResampler(44100, 16000, 2)
    begun = first(wave[:, :4321])
    second.state = first.state
    assert np.allclose(np.concatenate([begun, second(wave[:, 4321:])], axis=1), whole, atol=1e-6)


@pytest.mark.parametrize(("rate", "to"), [(48000, 16000), (1000, 16000)])
def test_live_resampling_of_a_long_block_takes_little_more_memory_than_the_block(
    rate: int, to: int
) -> None:
    wave = np.zeros((1, 5 * 48000), np.float32)
    resampler = LiveResampler(rate, to, 1)
    tracemalloc.start()
    made = resampler(wave)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * (wave.nbytes + made.nbytes) + 2**24
