"""The probe finds a speaker who is there, and none who is not."""

import numpy as np
import pytest

from speechgan.metrics.probe import describe_segments, probe_speakers


def make_codes(offset: float = 0.0, spread: float = 0.0) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        [
            rng.standard_normal((6, 500)) * (1 + spread * speaker) + offset * speaker
            for _ in range(8)
        ]
        for speaker in range(3)
    ]


def test_speakers_who_show_are_found_and_others_are_not() -> None:
    assert probe_speakers(make_codes(offset=0.5)) > 0.95
    assert probe_speakers(make_codes(spread=0.5)) > 0.95
    assert probe_speakers(make_codes()) == pytest.approx(1 / 3, abs=0.12)


def test_segments_by_hand() -> None:
    code = np.tile([[1.0, 3.0]], (2, 60))
    described = describe_segments(code)
    assert described.shape == (2, 6)
    assert described[0] == pytest.approx([2, 2, 0, 0, np.log(2), np.log(2)], abs=1e-4)


def test_too_little_to_split_is_refused() -> None:
    with pytest.raises(ValueError, match="two speakers with two recordings"):
        probe_speakers([make_codes()[0], make_codes()[1][:1]])
