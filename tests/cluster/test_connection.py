"""A Ray that the command starts itself, and what is left of it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_files import list_files, make_files
from pyarrow import parquet
from ray_processes import list_children, list_workers

COMMAND = [sys.executable, "-m", "speechgan", "enhance", "--model", "tiny"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_an_interrupted_run_leaves_no_process_and_no_half_file(tmp_path: Path) -> None:
    make_files(tmp_path / "noisy", 200, 16000)
    command = [*COMMAND, str(tmp_path / "noisy"), "-o", str(tmp_path / "out")]
    # A shell that starts the tests in the background lets them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [*command, "--cluster", "local", "--jobs", "2"],
        env={**os.environ, "RAY_worker_niceness": "0"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        signal.signal(signal.SIGINT, before)
        while not list((tmp_path / "out").glob("*.wav")):
            assert process.poll() is None
            time.sleep(0.05)
        (raylet,) = list_children(process.pid, "raylet")
        started = [raylet, *list_children(process.pid, "gcs_server"), *list_workers(process.pid)]
        said = Path(f"/proc/{raylet}/cmdline").read_text()
        folder = Path(re.search(r"(/tmp/speechgan-\w+)/session", said)[1])
        assert folder.exists()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "speechgan: interrupted\n")
    assert not [number for number in started if Path(f"/proc/{number}").exists()]
    assert not folder.exists()
    done = list_files(tmp_path / "out")
    assert 0 < len(done) < 200
    assert done < list_files(tmp_path / "noisy")
    rows = parquet.read_table(tmp_path / "out" / "summary.parquet").to_pylist()
    told = {row["output"] for row in rows if row["error"] is None}
    # The last ones may have been finished without a word.
    assert told <= {str(tmp_path / "out" / name) for name in done}
    assert len(told) >= len(done) - 4
