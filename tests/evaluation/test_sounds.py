"""Recordings as measures hear them."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.evaluation.sounds import load
from speechgan.utils.errors import UnmeasurableError


def write_tone(path: Path, seconds: float, rate: int = 48000) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    tones = np.stack([0.5 * np.sin(2 * np.pi * f * time) for f in (500, 1000)], 1)
    soundfile.write(path, tones, rate, "FLOAT")
    return tones.T


def test_any_rate_comes_as_16_khz(tmp_path: Path) -> None:
    tones = write_tone(tmp_path / "a.wav", 3)
    wave = load(tmp_path / "a.wav")
    assert wave.shape == (2, 48000) and wave.dtype == np.float32
    np.testing.assert_allclose(wave[:, 100:-100], tones[:, ::3][:, 100:-100], atol=1e-3)
    np.testing.assert_allclose(load(tmp_path / "a.wav", mono=True)[0], wave.mean(0), atol=1e-6)


def test_the_beginning_of_a_long_one_is_all_that_is_read(tmp_path: Path) -> None:
    write_tone(tmp_path / "a.wav", 60)
    tracemalloc.start()
    part = load(tmp_path / "a.wav", seconds=2.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert part.shape == (2, 32000)
    assert peak < 5e6
    np.testing.assert_allclose(part, load(tmp_path / "a.wav")[:, :32000], atol=1e-6)


def test_less_than_a_sample_is_too_short(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.full(1, 0.5), 192000)
    with pytest.raises(UnmeasurableError, match=r"a\.wav: too short"):
        load(tmp_path / "a.wav")
