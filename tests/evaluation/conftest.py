"""Folders of recordings to evaluate."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.evaluation.enhancement import evaluate_enhancement
from speechgan.evaluation.results import Evaluation

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture(scope="session")
def read_pair() -> Callable[[str], tuple[np.ndarray, np.ndarray]]:
    """Clean and noisy waves at 16 kHz of a recording."""

    def read(name: str) -> tuple[np.ndarray, np.ndarray]:
        clean, noisy = (soundfile.read(ASSETS / s / f"{name}.flac")[0] for s in ("clean", "noisy"))
        return clean, noisy

    return read


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory, read_pair: Callable[..., tuple]) -> Path:
    """Clean, enhanced and noisy folders; what counts as enhanced has half of the noise."""
    root = tmp_path_factory.mktemp("pairs")
    for folder in ("clean", "enhanced", "noisy"):
        (root / folder).mkdir()
    for name in ("kerstin_wind", "p228_wind"):
        clean, noisy = read_pair(name)
        soundfile.write(root / "clean" / f"{name}.flac", clean, 16000)
        soundfile.write(root / "noisy" / f"{name}.flac", noisy, 16000)
        enhanced = root / "enhanced" / f"{name}.enhanced.wav"
        soundfile.write(enhanced, (clean + noisy) / 2, 16000)
    return root


@pytest.fixture
def folders(pairs: Path, tmp_path: Path) -> Path:
    """A copy of them to add to."""
    return Path(shutil.copytree(pairs, tmp_path / "pairs"))


@pytest.fixture(scope="session")
def evaluated(pairs: Path) -> Evaluation:
    """Their evaluation, without DNSMOS."""
    sides = (pairs / side for side in ("clean", "enhanced", "noisy"))
    return evaluate_enhancement(*sides, workers=1, with_dnsmos=False)


@pytest.fixture(scope="session")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders source, converted and target of two short recordings each; one is named alike.

    What counts as converted is the source, and noisy.
    """
    root = tmp_path_factory.mktemp("conversions")
    sides = {
        "source": {"a": ("clean", "p228_wind"), "b": ("clean", "p228_coffee")},
        "converted": {"a": ("noisy", "p228_wind"), "b": ("noisy", "p228_coffee")},
        "target": {"a": ("clean", "kerstin_wind"), "c": ("noisy", "kerstin_wind")},
    }
    for side, files in sides.items():
        (root / side).mkdir()
        for name, (of, recording) in files.items():
            wave, rate = soundfile.read(ASSETS / of / f"{recording}.flac")
            soundfile.write(root / side / f"{name}.flac", wave[: round(1.6 * rate)], rate)
    return root
