import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from speechgan.utils.errors import SpeechganError
from speechgan.utils.workers import WorkerDeath, run_in_workers

REPOSITORY = Path(__file__).parents[2]

PARENT = """
import os, time
from speechgan.utils.workers import start_workers
if __name__ == "__main__":
    pool = start_workers(1)
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(600)
"""


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self/stat").exists()  # no Linux: it has answered
    return state != "Z"  # whoever inherits it may take its time to learn that it has ended


def test_workers_end_when_their_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(PARENT)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    with parent.stdout:
        worker = int(parent.stdout.readline())
    assert is_running(worker)
    os.kill(worker, signal.SIGINT)
    time.sleep(0.2)
    assert is_running(worker)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 120
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(worker)


@pytest.fixture(autouse=True)
def workers_find_this_file(monkeypatch):
    # Last, so that the package itself is still the installed one.
    monkeypatch.setattr(sys, "path", [*sys.path, str(REPOSITORY)])


def start_work():
    def work(item, report):
        report(1.0)
        if isinstance(item, Path):  # killed the first time only
            if item.exists():
                return "done at the second try"
            item.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "refuse":
            raise SpeechganError("refuse: as asked")
        if item == "sleep":
            time.sleep(600)
        return 1 // item

    return work


def test_every_item_gets_its_answer(tmp_path):
    deaths, reported = [], []
    items = [1, tmp_path / "tried", "refuse", "kill", 1]
    answers = dict(
        run_in_workers(
            start_work, items, 2, reported.append, lambda number, death: deaths.append(number)
        )
    )
    assert answers[0] == answers[4] == 1
    assert answers[1] == "done at the second try"
    assert isinstance(answers[2], SpeechganError)
    assert isinstance(answers[3], WorkerDeath)
    assert str(answers[3]) == f"its worker process {answers[3].process} ended with SIGKILL"
    assert sorted(deaths) == [1, 3, 3]
    # What a process that was killed had done is not counted.
    assert sum(reported) == 4


def test_a_defect_is_told_with_its_traceback():
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(run_in_workers(start_work, [0], 1))


def test_all_workers_end_at_once_when_the_work_is_left():
    started = time.monotonic()
    answers = run_in_workers(start_work, ["sleep", 1, "sleep"], 2)
    assert next(answers) == (1, 1)
    answers.close()
    assert time.monotonic() - started < 300
