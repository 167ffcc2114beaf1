"""A model to run commands with, and commands that hear standard input."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from speechgan.cli.main import main
from speechgan.inference.export import make_graphs, write_graph
from speechgan.models.generators.band_crn import BandCRN
from speechgan.pretrained.loading import load_model, save_model


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recurrent model with random weights, saved."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "small"
    config = {
        "task": "enhance",
        "sample_rate": 16000,
        "features": {"_target_": "speechgan.features.stft.Stft"},
        "generator": {
            "_target_": "speechgan.models.generators.band_crn.BandCRN",
            "channels": 8,
            "hidden": 8,
        },
    }
    card = "# small\n\nRandom weights, for tests.\n"
    save_model(folder, config, BandCRN(channels=8, hidden=8), card)
    for name, graph in make_graphs(load_model(folder)).items():
        write_graph(graph, folder / name)
    return folder


@pytest.fixture
def hear(
    tmp_path_factory: pytest.TempPathFactory, capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., tuple[int, bytes, bytes]]:
    """Runs a command in this process on bytes at standard input: its code, output and errors.

    A program of its own, which some tests start, imports for a second or more.
    """
    path = tmp_path_factory.mktemp("heard") / "bytes"

    def run(data: bytes, *words: object) -> tuple[int, bytes, bytes]:
        path.write_bytes(data)
        with path.open() as heard, pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", heard)
            return main([str(word) for word in words]), *capfdbinary.readouterr()

    return run
