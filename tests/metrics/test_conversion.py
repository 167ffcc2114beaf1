"""Measures of conversion against hand-worked cases, other packages and natural readings."""

import math

import numpy as np
import pytest

from speechgan.features.voice import Voice
from speechgan.features.world import World
from speechgan.metrics.conversion import (
    align,
    content_distance,
    log_f0_correlation,
    log_f0_rmse,
    mel_cepstral_distortion,
    modulation_distance,
    modulation_spectrum,
)
from speechgan.utils.errors import UnmeasurableError

Recordings = dict[str, tuple[np.ndarray, np.ndarray]]


def voice_of(cepstra: np.ndarray, f0: list[float] | None = None) -> Voice:
    """From mel-cepstra `(frame, coefficient)` in the units of SPTK, all of it speech."""
    frames = len(cepstra)
    pitch = np.full(frames, 100.0) if f0 is None else np.array(f0)
    return Voice(math.sqrt(2) * cepstra.T, np.arange(frames) * 1e-3, pitch)


def test_distortion_by_hand() -> None:
    """One coefficient off by 0.5: 10 / ln 10 * sqrt(2 * 0.25) = 3.0709 dB; loudness is left out."""
    one, other = np.zeros((5, 3)), np.zeros((5, 3))
    other[:, 1], other[:, 0] = 0.5, 9.0
    assert mel_cepstral_distortion(voice_of(one), voice_of(other)) == pytest.approx(
        3.0709, abs=1e-4
    )


@pytest.mark.parametrize(("seed", "expected"), [(0, 10.876567983), (1, 11.700069353)])
def test_distortion_as_pymcd(seed: int, expected: float) -> None:
    """Values of pymcd 0.2.1 with an exhaustive alignment and c_0 set to 0, which it leaves in."""
    rng = np.random.default_rng(seed)
    one, other = (rng.standard_normal((n, 14)).cumsum(0) * 0.1 for n in (30, 25))
    one[:, 0] = other[:, 0] = 0
    assert mel_cepstral_distortion(voice_of(one), voice_of(other)) == pytest.approx(expected)


def test_distortion_is_the_envelopes_difference_in_decibels() -> None:
    """A ripple of 6 dB peak over the mel scale is 6 / sqrt(2) dB root mean square."""
    one = np.zeros((4, 8))
    other = one.copy()
    other[:, 3] = 6 / (20 / math.log(10))
    assert mel_cepstral_distortion(voice_of(one), voice_of(other)) == pytest.approx(
        6 / math.sqrt(2)
    )


def test_alignment_undoes_a_slower_reading() -> None:
    rng = np.random.default_rng(0)
    one = rng.standard_normal((20, 6))
    slow = np.repeat(one, 3, axis=0)
    path = align(one, slow)
    assert np.array_equal(path[:, 0], path[:, 1] // 3)
    assert mel_cepstral_distortion(voice_of(one), voice_of(slow)) == pytest.approx(0, abs=1e-9)


def test_silence_counts_for_nothing() -> None:
    speech = np.random.default_rng(0).standard_normal((10, 4))
    loudness = np.concatenate([np.full(10, -70.0), np.linspace(-1, 0, 10)])
    padded = np.concatenate([np.full((10, 4), 50.0), speech])
    whole = Voice(math.sqrt(2) * padded.T, loudness, np.zeros(20))
    assert mel_cepstral_distortion(whole, voice_of(speech)) == pytest.approx(0, abs=1e-9)


def test_pitch_errors_by_hand() -> None:
    cepstra = np.random.default_rng(1).standard_normal((4, 3))
    source = voice_of(cepstra, [100, 110, 0, 121])
    off = voice_of(cepstra, [200, 220, 50, 242])
    assert log_f0_rmse(off, source) == pytest.approx(math.log(2))
    assert log_f0_correlation(off, source) == pytest.approx(1)
    upside_down = voice_of(cepstra, [121, 110, 0, 100])
    assert log_f0_correlation(upside_down, source) == pytest.approx(-1)


def test_what_cannot_be_measured_says_so() -> None:
    cepstra = np.random.default_rng(1).standard_normal((4, 3))
    silent = World().analyse(np.zeros(4000))
    with pytest.raises(UnmeasurableError, match="no speech"):
        mel_cepstral_distortion(silent, voice_of(np.zeros((4, 36))))
    unvoiced = voice_of(cepstra, [0, 0, 0, 0])
    with pytest.raises(UnmeasurableError, match="no voiced frame"):
        log_f0_rmse(unvoiced, voice_of(cepstra))
    with pytest.raises(UnmeasurableError, match="too few voiced"):
        log_f0_correlation(unvoiced, voice_of(cepstra))


def test_smoothing_shows_in_the_modulation_spectrum(recordings: Recordings) -> None:
    voice = World(f0="dio").analyse(recordings["kerstin_wind"][1])
    target = modulation_spectrum(voice)
    kernel = np.ones(9) / 9
    smooth = np.stack([np.convolve(row, kernel, mode="same") for row in voice.image])
    assert modulation_distance(voice, target) == 0
    assert modulation_distance(voice.with_image(smooth), target) > 5


def test_content_hears_words_and_not_the_voice(recordings: Recordings) -> None:
    """A voice with another colour says the same; another sentence of the same voice does not."""
    features = World(f0="dio")
    one, other = (features.analyse(recordings[n][1]) for n in ("p228_wind", "p228_coffee"))
    colour = 1 + 0.3 * np.sin(np.arange(36))
    coloured = one.with_image(one.image * colour[:, None] + 2 * colour[:, None])
    assert content_distance(coloured, one) < 0.05
    assert content_distance(other, one) > 0.8
