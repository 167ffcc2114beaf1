"""WORLD analysis: shapes, pitch, bad pitch, bad input."""

from types import SimpleNamespace

import numpy as np
import pytest
import pyworld

from speechgan.features.pitch import ESTIMATORS, mend_octaves, range_of_voice
from speechgan.features.world import World


def hum(frequency: float, seconds: float = 1.0, rate: int = 16000) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return 0.1 * sum(np.sin(2 * np.pi * frequency * n * time) / n for n in range(1, 15))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_finds_the_pitch_of_a_hum(estimator: str) -> None:
    voice = World(f0=estimator).analyse(hum(150.0))
    assert len(voice) == 16000 // 80 + 1
    inner = voice.f0[20:-20]
    assert np.abs(inner / 150 - 1).max() < 0.01


def test_image_is_pyworlds_own_code(recordings: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    wave = recordings["p228_wind"][1].astype(np.float64)
    voice = World(coefficients=24).analyse(wave)
    f0 = World().find_f0(wave)
    times = 0.005 * np.arange(len(f0))
    envelope = pyworld.cheaptrick(wave, f0, times, 16000)
    expected = pyworld.code_spectral_envelope(envelope, 16000, 24)
    assert voice.image.shape == (24, len(expected))
    assert np.allclose(voice.image, expected.T, atol=1e-4)


def test_loudness_follows_the_level(recordings: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    wave = recordings["p228_wind"][1]
    loud, soft = (World().analyse(wave * gain) for gain in (1.0, 0.1))
    speech = loud.find_speech()
    assert np.median(loud.loudness[speech] - soft.loudness[speech]) == pytest.approx(20, abs=0.5)


def test_octave_jumps_are_brought_back() -> None:
    f0 = np.full(200, 110.0)
    f0[:20] = 0
    f0[60:70] *= 2
    f0[120:123] /= 2
    f0[150] = 575.0
    mended = mend_octaves(f0)
    assert (mended[:20] == 0).all()
    assert np.allclose(mended[20:150], 110)
    assert mended[150] == pytest.approx(575 / 4)


def test_a_real_rise_of_pitch_is_left_alone() -> None:
    f0 = 100 * 2 ** np.linspace(0, 1.2, 400)
    assert np.allclose(mend_octaves(f0), f0)


@pytest.mark.parametrize("samples", [0, 1, 79, 80, 500])
def test_a_moment_of_sound(samples: int) -> None:
    voice = World().analyse(np.full(samples, 0.1))
    assert voice.image.shape == (36, samples // 80 + 1)
    assert np.isfinite(voice.image).all()


@pytest.mark.parametrize("estimator", ["swift", "dio", "harvest"])
@pytest.mark.parametrize(("rate", "samples"), [(16000, 2320), (22050, 220500), (44100, 220505)])
def test_there_is_a_frame_for_every_hop(rate: int, samples: int, estimator: str) -> None:
    """Where a period is no whole number of samples, and where seconds are off by rounding, too."""
    world = World(rate, f0=estimator)
    voice = world.analyse(0.1 * np.random.default_rng(0).standard_normal(samples))
    assert len(voice) == len(voice.f0) == samples // world.hop_length + 1
    assert world.frame_period * rate == pytest.approx(world.hop_length, abs=1e-9)


def test_silence_and_whisper_are_unvoiced() -> None:
    whisper = 0.1 * np.random.default_rng(0).standard_normal(16000)
    assert not World().analyse(np.zeros(8000)).f0.any()
    assert np.mean(World().analyse(whisper).f0 > 0) < 0.05


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="known: harvest, dio, swift"):
        World(f0="yin")
    with pytest.raises(ValueError, match="24 to 60"):
        World(coefficients=12)
    with pytest.raises(ValueError, match="frame_period 1: must be"):
        World(frame_period=1)
    with pytest.raises(ValueError, match="F0 from 0 to 600"):
        World(lowest_f0=0)


def test_warp_moves_a_formant(recordings: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """As stretching the envelope itself does, coded by pyworld."""
    world = World()
    voice = world.analyse(recordings["p228_wind"][1])
    cepstra = voice.image.T[::50].astype(np.float64)
    envelope = pyworld.decode_spectral_envelope(
        np.ascontiguousarray(cepstra), world.sample_rate, world.fft_size
    )
    hertz = np.arange(envelope.shape[1]) * world.sample_rate / world.fft_size
    for factor in (0.85, 1.0, 1.2):
        stretched = [np.exp(np.interp(hertz / factor, hertz, np.log(e))) for e in envelope]
        expected = pyworld.code_spectral_envelope(
            np.array(stretched), world.sample_rate, world.coefficients
        )
        matrix = world.warp(np.array([factor]))[0]
        assert np.abs(cepstra @ matrix.T - expected).max() < 0.02


def test_a_rough_first_pass_bounds_the_pitch() -> None:
    assert range_of_voice(np.zeros(100), 71.0, 600.0) == (71.0, 600.0)
    assert range_of_voice(np.full(100, 180.0), 71.0, 600.0) == (90.0, 450.0)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimators_agree_on_recordings(
    recordings: dict[str, tuple[np.ndarray, np.ndarray]], estimator: str
) -> None:
    for _, clean in recordings.values():
        expected, found = (
            World(f0=name).find_f0(clean[:32000].astype(float)) for name in ("harvest", estimator)
        )
        both = (expected > 0) & (found > 0)
        assert both.sum() > 0.55 * (expected > 0).sum()
        cents = 1200 * np.abs(np.log2(found[both] / expected[both]))
        assert np.median(cents) < 25
        assert (cents < 100).mean() > 0.7


def test_doubtful_frames_are_believed_where_sure_ones_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of SwiftF0: one near the line is voiced, one far from it takes no part."""
    told = {0.1: (200, 0.9), 0.2: (205, 0.1), 0.3: (200, 0.9), 0.34: (550, 0.1), 0.38: (200, 0.9)}
    pitches, trust = (np.array(column, float) for column in zip(*told.values(), strict=True))
    found = SimpleNamespace(timestamps=np.array([*told]), pitch_hz=pitches, confidence=trust)
    network = SimpleNamespace(detect=lambda *_: found)
    monkeypatch.setattr("speechgan.features.pitch._load_swift", lambda: network)
    monkeypatch.setattr("pyworld.stonemask", lambda wave, f0, *_: f0)
    f0 = World().find_f0(np.zeros(8000))
    assert f0[40] == pytest.approx(205)
    assert f0[68] == pytest.approx(200) and f0.max() == pytest.approx(205)
    assert not f0[:14].any() and not f0[84:].any()
