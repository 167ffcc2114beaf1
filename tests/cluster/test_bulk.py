"""Files made on a Ray cluster: each once and whole, whatever happens to workers and stores."""

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import s3fs
from made_files import list_files, make_files
from pyarrow import parquet

from speechgan.cli.main import main
from speechgan.cluster.pool import Pool

pytestmark = pytest.mark.usefixtures("ray_here")
CLUSTER = ("--cluster", "local", "--jobs", "1")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process: its code, standard output and error."""

    def run(*words: object) -> tuple[int, str, str]:
        return main([str(word) for word in words]), *capsys.readouterr()

    return run


@pytest.fixture
def fifth_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills the worker that has made the fifth file, while many others wait."""
    do = Pool.run

    def run(pool: Pool, items: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        made = 0
        for number, outcome in do(pool, items):
            made += isinstance(outcome, dict)
            if made == 5 and isinstance(outcome, dict):
                os.kill(int(outcome["worker"].split()[0]), signal.SIGKILL)
            yield number, outcome

    monkeypatch.setattr(Pool, "run", run)


@pytest.mark.usefixtures("fifth_is_the_last")
def test_all_files_are_made_as_without_a_cluster_although_a_worker_is_killed(
    tmp_path: Path, run: Run
) -> None:
    noisy, alone, out = (tmp_path / name for name in ("noisy", "alone", "out"))
    make_files(noisy, 40)
    (noisy / "bad.wav").write_text("This is text.")
    assert run("enhance", noisy, "-o", alone, "--model", "tiny", "--jobs", 1)[0] == 1
    code, said, err = run(
        "enhance", noisy, "-o", out, "--model", "tiny", "--cluster", "local", "--jobs", 2
    )
    assert (code, said) == (1, "")
    assert "was killed or cut off" in err
    assert f"error: {noisy / 'bad.wav'}: not audio" in err
    assert "40 of 41 files enhanced: 15.0 s of audio" in err
    # Nothing is left half-written either.
    assert list_files(out) == list_files(alone)
    for name in list_files(alone):
        assert (out / name).read_bytes() == (alone / name).read_bytes()

    rows = {row["output"]: row for row in parquet.read_table(out / "summary.parquet").to_pylist()}
    assert rows.keys() == {str(out / name) for name in list_files(noisy)}
    assert [row["input"] for row in rows.values() if row["error"]] == [str(noisy / "bad.wav")]
    made = rows[str(out / "000.wav")]
    assert (made["seconds"], made["sample_rate"], made["channels"]) == (0.375, 16000, 1)
    assert made["worker"]
    page = (out / "summary.html").read_text()
    assert "bad.wav: not audio" in page
    assert page.count("<tr") == 42


def test_a_second_run_makes_what_is_absent_alone(tmp_path: Path, run: Run) -> None:
    noisy, out = tmp_path / "noisy", tmp_path / "out"
    make_files(noisy, 6)
    command = ("enhance", noisy, "-o", out, "--model", "tiny", *CLUSTER)
    assert run(*command)[0] == 0
    before = {name: (out / name).stat().st_ino for name in list_files(out)}
    rows = parquet.read_table(out / "summary.parquet").to_pylist()
    (out / "000.wav").unlink()
    (out / ".000.wav.0.123.part").write_text("of a run that was killed")
    code, _, err = run(*command)
    assert (code, "5 of 6 files were there before" in err) == (0, True)
    after = {name: (out / name).stat().st_ino for name in list_files(out)}
    assert after.keys() == before.keys()
    assert [name for name in after if after[name] != before[name]] in ([], ["000.wav"])
    # What the first run said of the others is kept.
    assert parquet.read_table(out / "summary.parquet").to_pylist()[1:] == rows[1:]

    code, said, _ = run(*command, "--json")
    assert len(json.loads(said)["files"]) == 6
    assert {name: (out / name).stat().st_ino for name in list_files(out)} == after
    run(*command, "--overwrite")
    changed = {name: (out / name).stat().st_ino for name in list_files(out)}
    assert all(changed[name] != after[name] for name in after)


def test_files_come_from_a_store_and_go_to_one(tmp_path: Path, run: Run, bucket: str) -> None:
    make_files(tmp_path / "noisy", 4)
    store = s3fs.S3FileSystem(skip_instance_cache=True)
    store.put(f"{tmp_path}/noisy", f"{bucket}/a", recursive=True)
    store.pipe(f"{bucket}/a/bad.flac", b"This is text.")
    store.pipe(f"{bucket}/a/.hidden.wav", b"This is text.")
    command = ("enhance", f"{bucket}/a", "-o", f"{bucket}/a/out", "--model", "tiny", *CLUSTER)
    code, _, err = run(*command)
    assert code == 1
    assert f"error: {bucket}/a/bad.flac: not audio" in err
    found = {name.split("/a/out/")[1] for name in store.find(f"{bucket}/a/out")}
    expected = list_files(tmp_path / "noisy") | {"summary.html", "summary.parquet"}
    assert found == expected
    alone = ("enhance", tmp_path / "noisy", "-o", tmp_path / "alone", "--model", "tiny")
    assert run(*alone, "--jobs", 1)[0] == 0
    for name in list_files(tmp_path / "alone"):
        assert store.cat(f"{bucket}/a/out/{name}") == (tmp_path / "alone" / name).read_bytes()
    # What is there is known by the store alone.
    code, _, err = run(*command)
    assert (code, "4 of 5 files were there before" in err) == (1, True)


def test_what_a_store_refuses_is_said_in_one_line(tmp_path: Path, run: Run, bucket: str) -> None:
    make_files(tmp_path / "noisy", 1)
    enhance = ("enhance", "--model", "tiny", *CLUSTER)
    code, _, err = run(*enhance, f"{bucket}/nothing", "-o", tmp_path / "out")
    assert (code, err.count("\n")) == (1, 1)
    assert f"{bucket}/nothing: no such file, or a folder without audio" in err
    code, _, err = run(*enhance, tmp_path / "noisy", "-o", "s3://not-there/out")
    assert (code, err.count("\n")) == (1, 1)
    assert "error: s3://not-there/out/summary.parquet: " in err


def test_work_that_cannot_begin_is_one_error(tmp_path: Path, run: Run) -> None:
    make_files(tmp_path / "noisy", 8)
    command = ("enhance", tmp_path / "noisy", "-o", tmp_path / "out", "--model", "nope")
    code, _, err = run(*command, *CLUSTER)
    assert (code, err.count("error:")) == (1, 1)
    assert "nope: no such model" in err
    rows = parquet.read_table(tmp_path / "out" / "summary.parquet").to_pylist()
    assert {row["error"] for row in rows} == {"not reached; run the same command again"}


def test_other_commands_do_so_too(tmp_path: Path, run: Run) -> None:
    make_files(tmp_path / "in", 1, 16000)
    convert = ("convert", "--target-speaker", "kerstin", "--model", "kerstin-p226", "--src")
    assert run(*convert, tmp_path / "in", "-o", tmp_path / "out", *CLUSTER)[0] == 0
    assert list_files(tmp_path / "out") == list_files(tmp_path / "in")


def test_what_one_model_does_is_not_shared_out(tmp_path: Path, run: Run) -> None:
    code, _, err = run("evaluate", "generate", "--real", tmp_path, "--cluster", "local")
    assert code == 1
    assert err.startswith("speechgan: error: --cluster: one model makes all words")
