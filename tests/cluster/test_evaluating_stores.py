"""Recordings of an object store, measured where they are fetched."""

import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import s3fs
import soundfile

from speechgan.cli.main import main
from speechgan.utils.places import Place

ASSETS = Path(__file__).parents[1] / "assets"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Measures without DNSMOS in this process: the exit code, standard output and error."""

    def run(task: str, *words: object) -> tuple[int, str, str]:
        fixed = ("evaluate", task, "--no-dnsmos", "--workers", "1")
        return main([*fixed, *map(str, words)]), *capsys.readouterr()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folders clean and noisy of the same, one of them text, and one of another speaker."""
    for side, mark in (("clean", ""), ("noisy", ".enhanced")):
        write_cut(ASSETS / side / "p228_wind.flac", tmp_path / side / f"a{mark}.flac")
        write_cut(ASSETS / side / "p228_coffee.flac", tmp_path / side / "deeper" / "b.wav")
        (tmp_path / side / "bad.wav").write_text("This is text.")
    write_cut(ASSETS / "clean" / "kerstin_wind.flac", tmp_path / "other" / "c.flac")
    return tmp_path


def write_cut(source: Path, target: Path) -> None:
    """The first second and a half."""
    wave, rate = soundfile.read(source, frames=24000)
    target.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(target, wave, rate)


@pytest.fixture
def url(folder: Path, bucket: str) -> str:
    """Of a copy of them."""
    store, url = s3fs.S3FileSystem(skip_instance_cache=True), f"{bucket}/{folder.name}"
    store.put(str(folder), url, recursive=True)
    store.pipe(f"{url}/clean/.hidden.wav", b"This is text.")
    return url


def name_sides(task: str, root: object) -> list[str]:
    if task == "enhance":
        return ["--clean", f"{root}/clean", "--enhanced", f"{root}/noisy"]
    return ["--converted", f"{root}/noisy", "--source", f"{root}/clean"]


@pytest.mark.usefixtures("ray_here")
@pytest.mark.parametrize("task", ["enhance", "convert"])
def test_a_cluster_finds_the_scores_of_the_folders(
    folder: Path, url: str, run: Run, task: str
) -> None:
    alone, there, table = (folder / name for name in ("alone.json", "there.json", "there.csv"))
    # What lies on a disk goes with what does not.
    if task == "enhance":
        third = ["--noisy", f"{folder}/noisy"]
    else:
        third = ["--target", f"file://{folder}/other"]
    assert run(task, *name_sides(task, folder), *third, "--json", alone)[0] == 1
    outputs = ("--json", there, "--csv", table, "--cluster", "local")
    code, said, err = run(task, *name_sides(task, url), *third, *outputs)
    assert (code, "2 recordings" in said) == (1, True)
    assert f"speechgan: left out: bad: {url}/clean/bad.wav: not audio" in err
    expected = alone.read_text().replace(f"{folder}/clean/bad", f"{url}/clean/bad")
    assert there.read_text() == expected
    assert [line.split(",")[0] for line in table.open()] == ["recording", "a", "deeper/b"]


def test_without_a_cluster_what_cannot_be_fetched_is_left_out_and_nothing_stays(
    folder: Path, url: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_files, lost = Place.list_files, f"{url}/clean/deeper/b.wav"

    def list_and_lose(place: Place) -> list[str]:
        names = list_files(place)
        if place.name == "clean":
            s3fs.S3FileSystem(skip_instance_cache=True).rm(lost)
        return names

    monkeypatch.setattr(Place, "list_files", list_and_lose)
    (folder / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    page = folder / "report.html"
    code, said, err = run("enhance", *name_sides("enhance", url), "--report", page)
    assert (code, "1 recording, " in said, err.count("\n")) == (1, True, 2)
    assert f"left out: bad: {url}/clean/bad.wav: not audio" in err
    assert f"left out: deeper/b: {lost}: no such file; check the name" in err
    assert page.read_text().count("<audio") == 2
    assert f"clean <code>{url}/clean</code>" in page.read_text()
    assert list((folder / "temporary").iterdir()) == []


def test_a_listening_test_is_made_of_a_store(folder: Path, url: str, run: Run) -> None:
    page = folder / "listen.html"
    sides = [*name_sides("convert", url), "--target", f"{url}/other"]
    assert run("convert", *sides, "--listen", page)[0] == 1
    assert page.read_text().count("data:audio/flac") == 6


def test_what_a_store_does_not_have_is_one_error(url: str, run: Run) -> None:
    store = s3fs.S3FileSystem(skip_instance_cache=True)
    store.rm(f"{url}/noisy/deeper/b.wav")
    for enhanced, message in (
        (f"{url}/noisy", f"{url}/noisy: 1 of the recordings in {url}/clean are missing here: deep"),
        (f"{url}/nothing", f"{url}/nothing: no such folder; check the name"),
        ("s3://not-there/a", "s3://not-there/a: no such folder; check the name"),
        ("http://b/a", "http://b/a: not a URL that is known; give file://, s3:// or gs://"),
    ):
        code, said, err = run("enhance", "--clean", f"{url}/clean", "--enhanced", enhanced)
        assert (code, said, err.count("\n")) == (1, "", 1)
        assert err.startswith(f"speechgan: error: {message}")


def test_a_store_whose_library_is_absent_names_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    code, _, err = run("convert", "--converted", "gs://b/a")
    assert (code, err.count("\n")) == (1, 1)
    assert "gs://b/a: needs gcsfs, which is not installed; pip install gcsfs" in err


def test_what_is_written_goes_to_a_store_too(folder: Path, url: str, run: Run) -> None:
    names = {"--json": "scores.json", "--csv": "scores.csv", "--report": "report.html"}
    outputs = {root: [f"{root}/out/{name}" for name in names.values()] for root in (folder, url)}
    for paths in outputs.values():
        words = [word for pair in zip(names, paths, strict=True) for word in pair]
        assert run("enhance", *name_sides("enhance", folder), *words)[0] == 1
    for here, there in zip(*outputs.values(), strict=True):
        assert Place.parse(there).read() == Path(here).read_bytes()
    # Nothing stays of the trial whether the store takes files.
    assert Place.parse(f"{url}/out").list_files() == sorted(names.values())


@pytest.mark.parametrize("task", ["enhance", "generate"])
def test_a_store_that_takes_no_files_is_one_error_at_once(
    bucket: str, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    words = {
        "enhance": ["--clean", f"{bucket}/nothing", "--enhanced", f"{bucket}/nothing"],
        "generate": ["--real", f"{bucket}/nothing"],
    }
    assert main(["evaluate", task, *words[task], "--json", "s3://not-there/scores.json"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("speechgan: error: s3://not-there/") and err.count("\n") == 1
    assert "cannot be written" in err or "no such file; check the name" in err


def test_generated_digits_are_compared_with_those_of_a_store(
    bucket: str, tmp_path: Path, digits_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, root = s3fs.S3FileSystem(skip_instance_cache=True), f"{bucket}/{tmp_path.name}"
    for split in ("train", "test"):
        store.put(str(digits_folder / split), f"{root}/{split}", recursive=True)
    command = ["evaluate", "generate", "--count", "10", "--digit", "7", "--json"]
    here = tmp_path / "scores.json"
    assert main([*command, str(here), "--real", str(digits_folder)]) == 0
    alone = capsys.readouterr().out
    assert main([*command, f"{root}/scores.json", "--real", root]) == 0
    assert capsys.readouterr().out == alone
    assert Place.parse(f"{root}/scores.json").read() == here.read_bytes()
    store.pipe(f"{root}/test/8_theo_99.wav", b"This is text.")
    for real, message in (
        (root, f"{root}/test/8_theo_99.wav: not audio"),
        (f"{root}/nothing", f"{root}/nothing/train: no such folder"),
    ):
        command[command.index("--digit") + 1] = "8"
        assert main([*command, str(here), "--real", real]) == 1
        err = capsys.readouterr().err
        assert err.startswith(f"speechgan: error: {message}") and err.count("\n") == 1
