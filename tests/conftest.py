"""Recordings that many tests use."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

# The networks of the tests are too small to share between cores.
torch.set_num_threads(1)

PAIRS = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def recordings() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Noisy and clean waves `(sample,)` at 16 kHz of the three recorded pairs, by name."""
    return {
        path.stem: (
            soundfile.read(path, dtype="float32")[0],
            soundfile.read(PAIRS / "clean" / path.name, dtype="float32")[0],
        )
        for path in sorted((PAIRS / "noisy").glob("*.flac"))
    }
