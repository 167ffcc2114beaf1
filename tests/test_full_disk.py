"""A disk that is full: each writer says so in one line, and what stood there stands there still.

A limit on the size of files meets a writer as a full disk does: a part is taken, the rest refused.
Sound files have such tests of their own.
"""

import json
import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch

from speechgan.data.cache import WaveStore
from speechgan.data.conversion.voice_cache import analyse_recordings
from speechgan.data.enhancement.rooms import room_responses
from speechgan.data.manifest import scan, write_manifest
from speechgan.data.shards.writing import write_shards
from speechgan.evaluation.enhancement import evaluate_enhancement
from speechgan.evaluation.report import write_report
from speechgan.evaluation.results import Evaluation
from speechgan.evaluation.tables import write_csv, write_json
from speechgan.features.mel import MelVoice
from speechgan.inference.export import make_graphs, write_graph
from speechgan.models.generators.band_crn import BandCRN
from speechgan.pretrained.loading import load_model, save_model
from speechgan.training.checkpoint import load_checkpoint, save_checkpoint
from speechgan.training.compose import compose
from speechgan.training.logging import RunLog
from speechgan.training.train import train
from speechgan.utils.errors import SpeechganError

PAIRS = Path(__file__).parent / "assets"
SIZE = {"channels": 4, "bands": 8, "hidden": 4}
CONFIG = {
    "task": "enhance",
    "sample_rate": 16000,
    "features": {"_target_": "speechgan.features.stft.Stft"},
    "generator": {"_target_": "speechgan.models.generators.band_crn.BandCRN", **SIZE},
}
Write = Callable[[Path], object]


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))  # Python ignores the signal
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def read_all(folder: Path) -> dict[str, bytes]:
    """What every file below a folder holds, and the names of folders."""
    return {
        str(path.relative_to(folder)): b"" if path.is_dir() else path.read_bytes()
        for path in folder.rglob("*")
    }


def check(folder: Path, write: Write, size: int) -> None:
    """Whether the writer leaves the folder as it was and names a file in it, and a remedy."""
    before = read_all(folder)
    with full_disk(size), pytest.raises(SpeechganError) as caught:
        write(folder)
    text = str(caught.value)
    assert text.startswith(str(folder)) and "\n" not in text
    assert "cannot be written (" in text
    remedy = text.rpartition("; ")[2]
    assert any(word in remedy for word in ("free some space", "choose another"))
    after = read_all(folder)
    assert {name: after[name] for name in before} == before
    # What is new is whole: the lengths of waves, which stand before the waves do.
    assert all(type(json.loads(after[name])) is list for name in after.keys() - before.keys())


def write_checkpoint(folder: Path) -> None:
    save_checkpoint(folder / "last.safetensors", {"weights": torch.randn(10_000)})


def write_model(folder: Path) -> None:
    save_model(folder / "best", CONFIG, BandCRN(**SIZE), f"# best\n\n{torch.rand(())}\n")


def write_rows(folder: Path) -> None:
    write_manifest(scan(PAIRS) * 20, folder / "manifest.csv")


REPLACED: dict[str, Write] = {
    "checkpoint": write_checkpoint,
    "model": write_model,
    "manifest": write_rows,
}


@pytest.mark.parametrize("size", [0, 1000])
@pytest.mark.parametrize("name", REPLACED)
def test_what_is_written_once_more(tmp_path: Path, name: str, size: int) -> None:
    write = REPLACED[name]
    write(tmp_path)
    check(tmp_path, write, size)
    write(tmp_path)


def decode(folder: Path) -> None:
    WaveStore([r for r in scan(PAIRS) if r.role == "clean"], PAIRS, 16000, folder)


def analyse(folder: Path) -> None:
    analyse_recordings([PAIRS / "clean/p228_wind.flac"], MelVoice(), folder)


def build_rooms(folder: Path) -> None:
    room_responses(1, 16000, 0, (0.1, 0.2), folder)


CACHED: dict[str, Write] = {"waves": decode, "voices": analyse, "rooms": build_rooms}


@pytest.mark.parametrize("size", [0, 1000])
@pytest.mark.parametrize("name", CACHED)
def test_what_is_kept_for_the_next_run(tmp_path: Path, name: str, size: int) -> None:
    (tmp_path / "of another run.npy").write_bytes(b"kept")
    check(tmp_path, CACHED[name], size)
    CACHED[name](tmp_path)
    made = read_all(tmp_path)
    CACHED[name](tmp_path)
    assert read_all(tmp_path) == made  # whole, so that it is not made again


@pytest.mark.parametrize("size", [0, 1000, 300_000])
def test_shards(tmp_path: Path, size: int) -> None:
    check(tmp_path, lambda folder: write_shards(PAIRS, folder / "shards"), size)
    assert not read_all(tmp_path)


@pytest.fixture(scope="module")
def saved_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model to export."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder)
    return folder / "best"


@pytest.mark.parametrize("size", [0, 1000, 20_000])
def test_an_export(saved_model: Path, tmp_path: Path, size: int) -> None:
    (name, graph), *_ = make_graphs(load_model(saved_model)).items()
    (tmp_path / name).write_text("of before")
    check(tmp_path, lambda folder: write_graph(graph, folder / name), size)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    """Of the recorded pairs, the noisy side being judged."""
    return evaluate_enhancement(PAIRS / "clean", PAIRS / "noisy", workers=1, with_dnsmos=False)


@pytest.mark.parametrize("size", [0, 100])
@pytest.mark.parametrize("write", [write_csv, write_json, write_report])
def test_what_an_evaluation_writes(
    evaluation: Evaluation, tmp_path: Path, write: Callable[..., None], size: int
) -> None:
    (tmp_path / "result").write_text("of before")
    check(tmp_path, lambda folder: write(evaluation, folder / "result"), size)


def test_the_log_of_a_run(tmp_path: Path) -> None:
    log = RunLog(tmp_path, 0, 10)
    log.scalars(1, {"loss/a": 1.0})
    log.board.flush()  # nothing is left for its thread to write
    with full_disk(0), pytest.raises(SpeechganError, match=r"metrics\.jsonl: cannot be written"):
        log.scalars(2, {"loss/a": 1.0})
    assert (tmp_path / "metrics.jsonl").read_text().count("\n") == 1
    log.close()


def test_the_pictures_and_sounds_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorBoard writes them in a thread of its own, which prints no traceback."""
    told: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    log = RunLog(tmp_path, 0, 10)
    log.scalars(1, {"loss/a": 1.0})
    with full_disk(10_000), pytest.raises(SpeechganError, match=r"board: cannot be written .*free"):
        try:
            log.signals(1, "a", {"noisy": torch.rand(2, 100, 100)}, {"a": torch.rand(16000)}, 16000)
        finally:
            log.close()
    assert told == [] and threading.excepthook == told.append


@pytest.mark.parametrize("size", [0, 20_000])
def test_a_training_goes_on_once_there_is_space(tmp_path: Path, size: int) -> None:
    """It ends as one that always had space."""

    def run(name: str, steps: int) -> None:
        settings = [
            *(f"data.root={PAIRS}", f"data.cache={tmp_path / 'cache'}", "system=supervised"),
            *(f"generator.{key}={value}" for key, value in SIZE.items()),
            *("data.batch_size=2", "data.seconds=0.4", "data.valid_fraction=0.34", "data.rooms=1"),
            *("trainer.workers=0", "trainer.accelerator=cpu", "trainer.threads=1"),
            *(
                "trainer.validate_every=2",
                "trainer.save_every=1",
                "trainer.log_every=1",
                "trainer.decay_steps=0",
            ),
        ]
        own = [f"run.folder={tmp_path / name}", f"trainer.max_steps={steps}"]
        train(compose("enhance", [*settings, *own]), resume=True)

    run("whole", 4)
    run("short", 2)
    checkpoint = (tmp_path / "short/last.safetensors").read_bytes()
    model = read_all(tmp_path / "short/best")
    with full_disk(size), pytest.raises(SpeechganError, match=r"short/.+cannot be written"):
        run("short", 4)
    assert (tmp_path / "short/last.safetensors").read_bytes() == checkpoint
    assert read_all(tmp_path / "short/best") == model
    assert not list((tmp_path / "short").rglob(".*"))
    run("short", 4)
    ends = [load_checkpoint(tmp_path / n / "last.safetensors") for n in ("whole", "short")]
    torch.testing.assert_close(ends[1]["system"], ends[0]["system"], rtol=0, atol=0)
