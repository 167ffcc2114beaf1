import json
import os
import signal
import subprocess
import sys
import time

import pytest

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import (
    hidden_beside,
    name_finished,
    remove_abandoned,
    remove_unfinished,
    replace_folder,
    replace_whole,
    restore_folder,
    write_whole,
)
from speechgan.utils.places import write_file


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_stood_there_stands_until_the_new_file_is_complete(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with replace_whole(path) as beside:
        beside.write_text("after")
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("name", ["a.wav", "take 2.1.flac", "new\nline.wav", ".5"])
def test_an_unfinished_file_tells_what_it_was_to_be(tmp_path, name):
    assert name_finished(hidden_beside(tmp_path / name).name) == name
    assert name_finished(name) is None


def test_a_name_that_is_no_text_is_written_as_json_reads_it(tmp_path):
    text = json.dumps({"name": os.fsdecode(b"a\xff")}, ensure_ascii=False)
    for write in (write_whole, write_file):
        write(tmp_path / "a.json", text)
        assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == json.loads(text)


def test_what_is_flushed_is_open_for_writing_as_windows_wants_it(tmp_path, monkeypatch):
    modes = []

    def flush(descriptor):
        # Fails with "bad file descriptor", as flushing does there, if it is open for reading.
        modes.append(os.write(descriptor, b""))

    monkeypatch.setattr(os, "fsync", flush)
    write_whole(tmp_path / "a.txt", "after")
    assert modes == [0] and (tmp_path / "a.txt").read_text() == "after"


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_stood_there_and_nothing_else(tmp_path, failure):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with pytest.raises(failure), replace_whole(path) as beside:
        beside.write_text("half")
        raise failure
    assert path.read_text() == "before"
    assert names(tmp_path) == ["a.txt"]


def test_folders_above_are_made(tmp_path):
    write_whole(tmp_path / "new" / "folder" / "ä.txt", "ä")
    assert (tmp_path / "new" / "folder" / "ä.txt").read_bytes() == "ä".encode()


def test_the_error_names_the_file_and_the_remedy(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SpeechganError, match=r"file/a\.txt: cannot be written \(.+\); move it"):
        write_whole(tmp_path / "file" / "a.txt", "", remedy="move it")


def test_what_a_killed_process_left_is_removed(tmp_path):
    code = (
        "import os, signal, sys; from speechgan.utils.files import replace_whole\n"
        "with replace_whole(sys.argv[1]) as beside:\n"
        "    beside.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.txt")], env=environment
    )
    assert process.wait() == -signal.SIGKILL
    (tmp_path / ".b.txt.1.part").write_text("of another process that may still run")
    assert len(names(tmp_path)) == 2
    remove_unfinished(tmp_path, process.pid)
    assert names(tmp_path) == [".b.txt.1.part"]


def test_what_was_left_unfinished_a_day_ago_is_removed(tmp_path):
    """Not what others are writing now, nor anything complete, however old."""
    for name, hours in ((".a.npy.12.part", 25), (".b.npy.34.part", 1), ("c.npy", 99)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, 2 * (time.time() - 3600 * hours,))
    remove_abandoned(tmp_path)
    assert names(tmp_path) == [".b.npy.34.part", "c.npy"]


def test_a_folder_is_replaced_whole(tmp_path):
    folder = tmp_path / "model"
    for text in ("before", "after"):
        with replace_folder(folder) as beside:
            (beside / text).touch()
        assert names(tmp_path) == ["model"] and names(folder) == [text]
    with pytest.raises(ValueError), replace_folder(folder) as beside:
        (beside / "half").touch()
        raise ValueError
    assert names(tmp_path) == ["model"] and names(folder) == ["after"]


def test_a_folder_survives_a_kill_between_the_two_steps(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    with replace_folder(folder) as beside:
        (beside / "before").touch()
    replace, calls = os.replace, []

    def killed(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise KeyboardInterrupt  # not caught on the way, as a kill is not
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt), replace_folder(folder):
        pass
    assert not folder.exists()
    restore_folder(folder)
    assert names(tmp_path) == ["model"] and names(folder) == ["before"]
