"""Recordings that many tests use."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

# The networks of the tests are too small to share between cores.
torch.set_num_threads(1)

PAIRS = Path(__file__).parent / "assets"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Recipes first: their fixtures take longest, and no worker takes what another begins with."""
    items.sort(key=lambda item: item.path.parent.name != "recipes")


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


@pytest.fixture(scope="session")
def make_endless() -> Callable[[Path], None]:
    """Writes a WAV file of 30 hours, which takes no room on the disk: no test sees its end."""
    from speechgan.audio.pcm import Pcm

    def make(path: Path) -> None:
        size = 2 * 16000 * 3600 * 30
        header = Pcm.parse("s16le:16000").header(size)
        path.write_bytes(header)
        os.truncate(path, len(header) + size)

    return make


VOICES = {"kerstin": ["kerstin_wind"], "p228": ["p228_coffee", "p228_wind"]}


@pytest.fixture(scope="session")
def voices_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each of two speakers, their recordings cut into three."""
    root = tmp_path_factory.mktemp("voices")
    for speaker, names in VOICES.items():
        (root / speaker).mkdir()
        for name in names:
            wave, rate = soundfile.read(PAIRS / "clean" / f"{name}.flac", dtype="float32")
            for number, part in enumerate(np.array_split(wave, 3)):
                soundfile.write(root / speaker / f"{name}_{number}.wav", part, rate)
    return root


@pytest.fixture(scope="session")
def converter_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved converter between the two, which changes mean, deviation and pitch."""
    from speechgan.audio import bring_to_level
    from speechgan.features.statistics import SpeakerStatistics
    from speechgan.features.world import World
    from speechgan.models.generators.shallow import ShallowGenerator
    from speechgan.pretrained.loading import save_model
    from speechgan.pretrained.speakers import SPEAKERS, TargetSpeaker, format_speakers

    speakers = []
    for name, files in VOICES.items():
        waves = [soundfile.read(PAIRS / "clean" / f"{f}.flac", dtype="float32")[0] for f in files]
        voices = [World().analyse(bring_to_level(wave)) for wave in waves]
        minutes = sum(map(len, waves)) / 16000 / 60
        statistics = SpeakerStatistics.measure(voices)
        speakers.append(TargetSpeaker(name, "f", "", "CC0", minutes, statistics))
    size = {"bins": 36, "speakers": 2, "channels": 4}
    config = {
        "task": "convert",
        "sample_rate": 16000,
        "features": {"_target_": "speechgan.features.world.World"},
        "generator": {"_target_": "speechgan.models.generators.shallow.ShallowGenerator", **size},
    }
    folder = tmp_path_factory.mktemp("models") / "two"
    card = "# two\n\nTwo voices, for tests.\n"
    others = {SPEAKERS: format_speakers(speakers)}
    save_model(folder, config, ShallowGenerator(**size), card, others)
    return folder


@pytest.fixture(scope="session")
def digits_folder() -> Path:
    """Spoken digits of three speakers, with `train/` and `test/` in it."""
    return Path(__file__).parent.parent / "examples" / "digits"
