"""Real recordings to measure."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

DATA = Path(__file__).parents[1] / "assets"

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def read(name: str) -> Pair:
    clean, _ = soundfile.read(DATA / "clean" / f"{name}.flac")
    noisy, _ = soundfile.read(DATA / "noisy" / f"{name}.flac")
    return clean, noisy


@pytest.fixture
def read_pair() -> Callable[[str], Pair]:
    """Clean and noisy waves at 16 kHz of a recording."""
    return read


@pytest.fixture(params=["kerstin_wind", "p228_coffee", "p228_wind"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Clean and noisy waves at 16 kHz, of every recording in turn."""
    return read(request.param)


@pytest.fixture
def coffee() -> Pair:
    """Clean and noisy waves at 16 kHz of one recording."""
    return read("p228_coffee")
