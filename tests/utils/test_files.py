import os
import signal
import subprocess
import sys

import pytest

from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import remove_unfinished, replace_whole, write_whole


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
