"""Batches made from shards are those of the folder that was sharded, bit by bit."""

import logging
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hydra.utils import instantiate

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.audio.formats import CONTAINERS
from speechgan.data.cache import WaveStore
from speechgan.data.conversion.module import ConversionData
from speechgan.data.digits.module import DigitData
from speechgan.data.enhancement.module import EnhancementData
from speechgan.data.manifest import scan, write_manifest
from speechgan.data.roots import open_root, open_store
from speechgan.data.shards.writing import write_shards
from speechgan.data.waves import VocoderData
from speechgan.features.clip import MelClip
from speechgan.features.mel import MelVoice
from speechgan.training.compose import compose

PAIRS = Path(__file__).parents[2] / "assets"
Open = Callable[[str | Path, Path], Any]


def write_mixable(root: Path, recordings: dict[str, tuple[np.ndarray, np.ndarray]]) -> Path:
    """Speech and noise of several kinds of file and rates, one of which holds no sound."""
    for number, (noisy, clean) in enumerate(recordings.values()):
        for split in ("train", "valid"):
            rate, extension = [(16000, "flac"), (22050, "wav"), (16000, "ogg")][number]
            for role, wave in (("speech", clean), ("noise", noisy - clean)):
                path = root / role / split / "a folder" / f"{number}.{extension}"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, np.stack([wave, 0.5 * wave], 1), rate)
    soundfile.write(root / "speech/train/bad.wav", np.full(50, np.nan), 16000, "FLOAT")
    (root / "speech/train/empty.wav").touch()
    return root


def list_tensors(batch: Any) -> list[torch.Tensor]:
    return [value for value in vars(batch).values() if isinstance(value, torch.Tensor)]


def require_equal(one: Any, other: Any) -> None:
    """Of batches or of anything with tensors or arrays in it."""
    pairs = zip(list_tensors(one), list_tensors(other), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    assert list_tensors(one)


def compare(open_data: Open, root: Path, server: Any) -> tuple[Any, list[Any]]:
    """What the folder opens to and what shards do, whose batches are equal."""
    folder = server.folder
    write_shards(root, folder / "shards", 1)
    before = open_data(root, folder / "cache")
    after = [
        open_data(place, folder / name)
        for name, place in (("one", folder / "shards"), ("two", f"{server.url}/shards"))
    ]
    for opened in after:
        batches, others = (x.batches if hasattr(x, "batches") else x[0] for x in (before, opened))
        others = pickle.loads(pickle.dumps(others))  # as workers get them
        for number in (5, 0, 1):  # in any order
            require_equal(batches[number], others[number])
    return before, after


def test_mixtures(recordings, server, caplog) -> None:
    def open_data(root: str | Path, cache: Path) -> Any:
        settings = [f"data.root='{root}'", f"data.cache='{cache}'", "data.rooms=0"]
        settings += ["data.seconds=0.25", "data.valid_items=1", "data.degradation.babble=0.3"]
        settings += ["data.batch_size=4"]
        return instantiate(compose("enhance", settings).data, _convert_="all").open()

    root = write_mixable(server.folder / "data", recordings)
    before, after = compare(open_data, root, server)
    for opened in after:
        for (name, pair), (other_name, other) in zip(before[1], opened[1], strict=True):
            assert name == other_name
            require_equal(pair, other)
    left_out = [m for m in caplog.messages if m.startswith("left out")]
    for place in (root, server.folder / "shards/shard-00000.tar", f"{server.url}/shards/shard-"):
        assert [str(place) in m for m in left_out].count(True) == 2, place


def test_pairs(server) -> None:
    def open_data(root: str | Path, cache: Path) -> Any:
        return EnhancementData(root, cache, seconds=0.5, valid_fraction=0.34).open()

    before, after = compare(open_data, PAIRS, server)
    for opened in after:
        for (name, pair), (other_name, other) in zip(before[1], opened[1], strict=True):
            assert name == other_name
            require_equal(pair, other)


def test_speech_for_a_vocoder(recordings, server) -> None:
    def open_data(root: str | Path, cache: Path) -> Any:
        return VocoderData(root, cache, seconds=0.5).open()

    root = write_mixable(server.folder / "data", recordings)
    before, after = compare(open_data, root, server)
    for opened in after:
        pairs = zip(before[1], opened[1], strict=True)
        assert all(np.array_equal(wave, other) for wave, other in pairs)
    write_manifest(scan(root), root / "manifest.csv")
    listed, _ = open_data(root / "manifest.csv", server.folder / "cache")
    require_equal(listed[2], before[0][2])


def test_voices(voices_folder, server) -> None:
    def open_data(root: str | Path, cache: Path) -> Any:
        return ConversionData(root, cache, batch_size=4, frames=32, workers=1).open(MelVoice())

    root = server.folder / "data"
    shutil.copytree(voices_folder, root)
    (root / "speakers.csv").write_text("speaker,sex,language,licence\nkerstin,f,German,CC0\n")
    before, after = compare(open_data, root, server)
    for opened in after:
        assert [s.name for s in opened.speakers] == ["kerstin", "p228"]
        assert opened.speakers[0].licence == "CC0"
        assert [list(voices) for voices in opened.valid] == [list(v) for v in before.valid]
    server.requests.clear()
    open_data(f"{server.url}/shards", server.folder / "cache")  # analysed from the folder
    assert server.requests == ["/shards/shards.json", "/shards/shard-00000.tar"], "and the table"


def test_digits(digits_folder, server) -> None:
    def open_data(root: str | Path, cache: Path) -> Any:
        return DigitData(root, batch_size=4).open(MelClip())

    root = server.folder / "data"
    for path in sorted((digits_folder / "train").glob("[0-2]_*")):
        (root / "train").mkdir(parents=True, exist_ok=True)
        shutil.copy(path, root / "train")
    before, after = compare(open_data, root, server)
    assert all(opened.labels == before.labels for opened in after)


@pytest.mark.parametrize("rate", [16000, 11025])
def test_every_format_and_length(tmp_path, rate, caplog) -> None:
    caplog.set_level(logging.ERROR)
    rng = np.random.default_rng(0)
    (tmp_path / "data/speech").mkdir(parents=True)
    for number, extension in enumerate(sorted(AUDIO_EXTENSIONS)):
        path = tmp_path / "data/speech" / f"{number}{extension}"
        codec = {".opus": "OPUS"}.get(extension)
        wave = rng.uniform(-0.5, 0.5, (9000 + 77 * number, 1 + number % 2))
        soundfile.write(path, wave, 16000, codec, format=CONTAINERS[extension])
    for length in (1, 2, 7, *rng.integers(10, 3000, 20)):
        wave = rng.uniform(-1, 1, length)
        soundfile.write(
            tmp_path / f"data/speech/{length}.wav", wave, int(rng.choice([8000, 44100]))
        )
    write_shards(tmp_path / "data", tmp_path / "shards", 1)
    rows = scan(tmp_path / "data")
    folder = WaveStore(rows, tmp_path / "data", rate, tmp_path)
    shards = open_store(rows, open_root(tmp_path / "shards"), rate, tmp_path)
    assert np.array_equal(folder.kept, shards.kept) and list(folder.lengths) == list(shards.lengths)
    for index in range(len(folder)):
        start = int(rng.integers(folder.lengths[index]))
        assert np.array_equal(folder.crop(index, start, 2000), shards.crop(index, start, 2000))
