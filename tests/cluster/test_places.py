"""Files by path and URL; and what is refused before anything begins."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from made_files import list_files, make_files

from speechgan.cli.main import main
from speechgan.cli.plan import plan_places
from speechgan.utils.errors import SpeechganError
from speechgan.utils.places import Place
from speechgan.utils.scratch import lend_scratch, remove_orphans


def name_targets(inputs: list[Path], output: Path) -> dict[str, str]:
    jobs = plan_places([str(path) for path in inputs], str(output))
    return {str(job.source): str(job.target) for job in jobs}


def test_names_are_those_of_one_machine(tmp_path: Path) -> None:
    for name in ("a.wav", "in/b.mp3", "in/c/d.FLAC", "in/.e.wav", "in/.f/g.wav", "in/h.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "in" / "out"
    expected = {"a.wav": "a.wav", "in/b.mp3": "b.wav", "in/c/d.FLAC": "c/d.FLAC"}
    expected = {str(tmp_path / k): str(out / v) for k, v in expected.items()}
    assert name_targets([tmp_path / "a.wav", tmp_path / "in"], out) == expected
    # What an earlier run wrote is no input.
    out.mkdir()
    (out / "b.wav").touch()
    assert name_targets([tmp_path / "a.wav", tmp_path / "in"], out) == expected
    assert Place.parse(f"file://{tmp_path}/a.wav") == Place.parse(str(tmp_path / "a.wav"))
    (tmp_path / "in" / "b.ogg").touch()
    with pytest.raises(SpeechganError, match=r"b\.ogg: .*b\.mp3 would be written to .*b\.wav too"):
        name_targets([tmp_path / "in"], out)
    with pytest.raises(SpeechganError, match="is itself an input"):
        name_targets([tmp_path / "a.wav"], tmp_path)


def test_a_file_is_put_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, made = Place.parse(str(tmp_path / "out" / "a.wav")), tmp_path / "made.wav"
    made.write_text("first")
    place.put(made)

    def fail(source: Any, target: Path) -> None:
        Path(target).write_text("hal")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", fail)
    with pytest.raises(SpeechganError, match=r"a\.wav: cannot be written \(No space left"):
        place.put(made)
    assert place.read() == b"first"
    assert list_files(tmp_path) == {"out/a.wav", "made.wav"}


def test_recordings_that_a_killed_worker_has_left_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lend_scratch(str(tmp_path)) as mine, monkeypatch.context() as patch:
        patch.setattr("os.getpid", lambda: 2**22 + 1)  # above all that Linux gives
        with lend_scratch(str(tmp_path)) as theirs:
            remove_orphans(str(tmp_path))
            assert (Path(mine).exists(), Path(theirs).exists()) == (True, False)
            Path(theirs).mkdir()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["s3://b/a", "-o", "out"], "s3://b/a: URLs are taken with --cluster; add --cluster local"),
        (["in", "-o", "gs://b/a"], "gs://b/a: URLs are taken with --cluster; add --cluster local"),
        (["in", "--cluster", "local"], "--cluster: needs a folder for its output; name one with"),
        (["in", "-o", "a.wav", "--cluster", "local"], "--cluster: needs a folder for its output"),
        (["-", "-o", "out", "--cluster", "local"], "-: a cluster takes files and folders"),
        (["--stream", "-", "--cluster", "auto"], "--stream: works here, on one sound; leave out"),
        (["http://b/a", "-o", "o", "--cluster", "local"], "http://b/a: not a URL that is known"),
        (["no", "-o", "o", "--cluster", "local"], "no: no such file, or a folder without audio"),
        (["in", "-o", "in", "--cluster", "local"], "is itself an input; choose another output"),
    ],
)
def test_what_does_not_go_together_is_one_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(tmp_path / "in", 1)
    assert main(["enhance", *words]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert message in err
    assert list_files(tmp_path) == {"in/000.wav"}


def test_a_store_whose_library_is_absent_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SpeechganError, match=r"gs://b/a: needs gcsfs, .*; pip install gcsfs"):
        Place.parse("gs://b/a")


def test_a_cluster_is_local_or_has_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["enhance", "in", "-o", "out", "--cluster", "there"])
    assert "'there' is not local, auto or ray://HOST:PORT" in capsys.readouterr().err
