"""The probe finds a speaker who is there, and none who is not."""

import numpy as np
import pytest

from speechgan.metrics.probe import probe_speakers


def make_codes(offset: float) -> list[list[np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        [rng.standard_normal((6, 300)) + offset * speaker for _ in range(4)] for speaker in range(3)
    ]


def test_speakers_who_show_are_found_and_others_are_not() -> None:
    assert probe_speakers(make_codes(4.0)) > 0.95
    assert probe_speakers(make_codes(0.0)) == pytest.approx(1 / 3, abs=0.06)


def test_long_winded_speakers_do_not_count_more() -> None:
    codes = make_codes(0.0)
    codes[0] = [np.tile(code, 10) for code in codes[0]]
    assert probe_speakers(codes) == pytest.approx(1 / 3, abs=0.08)


def test_too_little_to_split_is_refused() -> None:
    with pytest.raises(ValueError, match="two speakers with two recordings"):
        probe_speakers([make_codes(0.0)[0], make_codes(0.0)[1][:1]])
