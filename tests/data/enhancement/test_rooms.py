from pathlib import Path

import numpy as np
import pytest

from speechgan.data.enhancement.rooms import room_responses
from speechgan.utils.errors import SpeechganError

RATE = 16000


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("rooms")


def decay_seconds(response: np.ndarray) -> float:
    """Time to fall by 60 dB, from -5 to -25 dB of Schroeder's backward integral (ISO 3382)."""
    left = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / np.sum(response**2) + 1e-12)
    start, stop = np.argmax(left < -5), np.argmax(left < -25)
    return 3 * (stop - start) / RATE


def test_rooms_decay_about_as_long_as_asked(folder):
    short = room_responses(6, RATE, 0, (0.15, 0.16), folder)
    long = room_responses(6, RATE, 0, (0.5, 0.51), folder)
    assert np.median([decay_seconds(r) for r in short]) == pytest.approx(0.155, rel=0.5)
    assert np.median([decay_seconds(r) for r in long]) == pytest.approx(0.505, rel=0.5)


def test_a_response_begins_with_the_direct_sound(folder):
    bank = room_responses(6, RATE, 0, (0.15, 0.16), folder)
    assert np.all(bank[:, 0] == 1) and np.abs(bank).max() == 1
    assert len({row.tobytes() for row in bank}) == 6


def test_a_bank_is_kept_and_a_damaged_one_is_made_anew(tmp_path):
    first = room_responses(1, RATE, 0, (0.15, 0.16), tmp_path)
    (kept,) = tmp_path.iterdir()
    time = kept.stat().st_mtime_ns
    assert np.array_equal(room_responses(1, RATE, 0, (0.15, 0.16), tmp_path), first)
    assert kept.stat().st_mtime_ns == time
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(room_responses(1, RATE, 0, (0.15, 0.16), tmp_path), first)
    assert [p.name for p in tmp_path.iterdir()] == [kept.name]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SpeechganError, match=r": cannot be written.*data\.cache=DIR"):
        room_responses(1, RATE, 0, (0.15, 0.16), tmp_path / "file")
