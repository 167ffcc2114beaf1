"""What shards are, and what is said where they are not what they should be."""

import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import fsspec
import pytest

from speechgan.cli.main import main
from speechgan.data.roots import open_recordings, open_root, open_store
from speechgan.data.shards.reading import open_shards
from speechgan.data.shards.recent import RecentBytes
from speechgan.data.shards.writing import write_shards
from speechgan.utils.errors import SpeechganError

PAIRS = Path(__file__).parents[2] / "assets"
NAME = "clean/p228_wind.flac"


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """The recorded pairs in one shard."""
    write_shards(PAIRS, tmp_path / "shards")
    return tmp_path / "shards"


def fill(root: Path, count: int) -> None:
    """As many files of 300 kB, which are no sound."""
    (root / "speech").mkdir(parents=True)
    for number in range(count):
        (root / "speech" / f"{number}.wav").write_bytes(bytes([number]) * 300_000)


def test_tar_unpacks_what_was_sharded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "data", 8)
    long = f"{'deep/' * 30}é.md"  # longer than the name field of a tar file
    for name in ("speakers.csv", "LICENSE", long, ".DS_Store", "archive.zip"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_text(name)
    words = ["data", "shard", f"{tmp_path}/data", "-o", f"{tmp_path}/shards", "--size", "1"]
    assert main(words) == 1, "none of them is a sound"
    told = capsys.readouterr()
    assert told.err.count("taken along, but no sound") == 8
    assert "left behind, neither sound nor text: 2 files" in told.out
    tars = sorted((tmp_path / "shards").glob("*.tar"))
    assert len(tars) == 3 and all(path.stat().st_size < 1.1e6 for path in tars)
    for path in tars:
        with tarfile.open(path) as tar:
            tar.extractall(tmp_path / "unpacked")  # Pythons before 3.11.4 have no filters
    kept = {p.relative_to(tmp_path / "unpacked") for p in (tmp_path / "unpacked").rglob("*.*")}
    kept |= {Path("LICENSE")}
    assert {p.name for p in kept} == {*(f"{n}.wav" for n in range(8)), "speakers.csv", "é.md"} | {
        "LICENSE"
    }
    root = open_root(tmp_path / "shards")
    for name in kept:
        assert (root / name).read_bytes() == (tmp_path / "data" / name).read_bytes()


def test_nothing_stands_there_before_all_is_written(tmp_path, monkeypatch) -> None:
    def interrupt(files: list) -> list:
        yield files[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shards(PAIRS, tmp_path / "shards", 1, interrupt)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "shards").mkdir()
    (tmp_path / "shards/of mine").touch()
    with pytest.raises(SpeechganError, match=r"shards: is there already; .* -o"):
        write_shards(PAIRS, tmp_path / "shards")
    for folder, reason in (("absent", "no such folder"), ("shards", "holds no recordings")):
        with pytest.raises(SpeechganError, match=reason):
            write_shards(tmp_path / folder, tmp_path / "new")


def test_a_file_that_cannot_be_opened_is_named(tmp_path, capsys) -> None:
    fill(tmp_path / "data", 1)
    (tmp_path / "data/speech/gone.wav").symlink_to("nowhere.wav")
    assert main(["data", "shard", f"{tmp_path}/data", "-o", f"{tmp_path}/shards"]) == 1
    assert "left out: " in (told := capsys.readouterr().err) and "gone.wav: cannot be" in told


def test_damage_is_one_line(shards: Path) -> None:
    root = open_root(shards)
    tar = shards / "shard-00000.tar"
    content = tar.read_bytes()
    place = root.entries[NAME].offset + 9
    tar.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(SpeechganError, match=rf"00\.tar/{NAME}: is not what the index says; copy"):
        (root / NAME).read_bytes()
    tar.write_bytes(content[:place])
    with pytest.raises(SpeechganError, match=r"shard-00000\.tar: cut short, 9 of \d+ bytes"):
        (root / NAME).read_bytes()
    with pytest.raises(SpeechganError, match=r"00\.tar: \d+ bytes, and the index says .*anew"):
        open_root(shards)
    tar.unlink()
    with pytest.raises(SpeechganError, match=r"shard-00000\.tar: no such file"):
        (root / NAME).read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda index: index[:-9], "not an index of shards"),
        (lambda index: "[]", "not an index of shards"),
        (lambda index: index.replace('"version": 1', '"version": 2'), "of version 2, not 1"),
        (lambda index: index.replace("00.tar", "01.tar", 1), "not an index of shards"),
        (lambda index: json.dumps(json.loads(index) | {"files": [[]]}), "not an index of shards"),
        (lambda index: index.replace('"shard-00000.tar", 512', '"shard-00000.tar", -1'), "outside"),
    ],
)
def test_an_index_that_does_not_fit_is_one_line(shards: Path, change, reason: str) -> None:
    path = shards / "shards.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(SpeechganError, match=reason) as caught:
        open_root(shards)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_network_that_fails_is_asked_again(shards: Path, server: Any, caplog) -> None:
    server.failures = 2
    root = open_root(f"{server.url}/shards")
    assert len(server.requests) == 3 and "503" in caplog.text
    server.failures = 3
    assert (root / NAME).read_bytes() == (PAIRS / NAME).read_bytes()
    server.failures = 4
    with pytest.raises(SpeechganError, match=rf"{server.url}/shards/shard-0.*4 attempts.*503") as e:
        (root / NAME).read_bytes()
    assert "\n" not in str(e.value)


def test_what_the_server_lacks_is_not_asked_again(shards: Path, server: Any) -> None:
    with pytest.raises(SpeechganError, match=rf"{server.url}/no/shards\.json: no such file"):
        open_root(f"{server.url}/no")
    assert len(server.requests) == 1
    root = open_root(f"{server.url}/shards")
    server.ranges = False
    with pytest.raises(SpeechganError, match=r"00\.tar: the server sends whole files only"):
        (root / NAME).read_bytes()


def test_what_was_fetched_is_kept_up_to_a_size(shards: Path, server: Any) -> None:
    def read_all(cache_gb: float) -> int:
        """How often the server is asked."""
        rows, root = open_recordings(f"{server.url}/shards", server.folder / "cache", cache_gb)
        store = open_store(rows, root, 16000, server.folder / "cache")
        server.requests.clear()
        assert all(len(store[index]) for index in range(len(store)))
        return len(server.requests)

    assert [read_all(0), read_all(0)] == [6, 6]
    assert [read_all(0.01), read_all(0.01)] == [6, 0]
    for path in (server.folder / "cache/shards").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    assert [read_all(0.01), read_all(0.01)] == [6, 0]
    with pytest.raises(SpeechganError, match=r"data\.cache_gb=-1: must be 0 or more"):
        read_all(-1)


def test_the_oldest_goes_first(tmp_path: Path) -> None:
    kept = RecentBytes(tmp_path, 100_000)
    for number in range(100):
        kept.keep(f"{number:05}", bytes(3000))
        assert sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file()) <= 100_000
    there = [kept.find(f"{number:05}") is not None for number in range(100)]
    assert there == sorted(there) and 25 < sum(there) < 34
    kept.keep("large", bytes(50_000))
    assert kept.find("large") is None


def test_other_storage_and_what_it_needs(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = fsspec.filesystem("memory")
    for path in shards.iterdir():
        files.pipe(f"/corpus/{path.name}", path.read_bytes())
    root = open_shards("memory://corpus")
    assert (root / NAME).read_bytes() == (PAIRS / NAME).read_bytes()
    with pytest.raises(SpeechganError, match=r"Protocol not known: nonesuch.*https://"):
        open_root("nonesuch://corpus")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(SpeechganError, match=r"needs fsspec.*'speechgan\[shards\]'"):
        open_root("https://host/corpus")
