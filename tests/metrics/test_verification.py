"""A verifier's errors, and the distance of two sets of voices."""

import numpy as np
import pytest

from speechgan.metrics.verification import equal_error_rate, kernel_distance, score_trials
from speechgan.utils.errors import UnmeasurableError


def draw_voices(centre: int, count: int, spread: float, seed: int) -> np.ndarray:
    """Embeddings `(count, 64)` of length 1 around a direction."""
    noise = np.random.default_rng(seed).standard_normal((count, 64)) * spread
    voices = np.eye(64)[centre] + noise
    return voices / np.linalg.norm(voices, axis=1, keepdims=True)


def test_equal_error_rate_is_the_share_that_deceives() -> None:
    genuine = np.array([0.9, 0.8, 0.7, 0.6])
    assert equal_error_rate(genuine, genuine - 0.5) == 0
    assert equal_error_rate(genuine, genuine) == pytest.approx(0.5)
    assert equal_error_rate(genuine, genuine + 0.5) == 1
    # One of four on each side is beyond the other's lowest or highest.
    assert equal_error_rate(genuine, np.array([0.65, 0.3, 0.2, 0.1])) == pytest.approx(0.25)


def test_both_kinds_of_trials_are_against_equally_many_recordings() -> None:
    """So that natural recordings of the target, taken for claims, deceive as often as not."""
    rates = []
    for seed in range(200):
        voices = draw_voices(0, 10, 0.3, seed)
        rates.append(equal_error_rate(*score_trials(voices[:5], voices[5:])))
    assert np.mean(rates) == pytest.approx(0.5, abs=0.03)
    with pytest.raises(UnmeasurableError, match="too few recordings"):
        score_trials(voices[:2], voices)


def test_kernel_distance_sees_other_voices_and_lost_variety_but_no_lack_of_recordings() -> None:
    same = [
        kernel_distance(draw_voices(0, count, 0.1, 2 * n), draw_voices(0, count, 0.1, 2 * n + 1))
        for count in (5, 60)
        for n in range(100)
    ]
    few, many = np.mean(same[:100]), np.mean(same[100:])
    natural = draw_voices(0, 60, 0.1, 7)
    collapsed = kernel_distance(np.repeat(natural[:1], 60, 0), natural)
    other = kernel_distance(draw_voices(1, 60, 0.1, 8), natural)
    assert abs(many) < 0.005 and abs(few) < 0.05
    assert collapsed > 0.3 and other > 1
    with pytest.raises(UnmeasurableError):
        kernel_distance(natural[:2], natural)
