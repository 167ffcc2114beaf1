"""A Ray that the command starts itself, and what is left of it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from made_files import list_files, make_files
from pyarrow import parquet
from ray_processes import is_alive, list_children, list_workers

COMMAND = [sys.executable, "-m", "speechgan", "enhance", "--model", "tiny"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_an_interrupted_run_leaves_no_process_and_no_half_file(
    tmp_path: Path, make_endless: Callable[[Path], None]
) -> None:
    make_files(tmp_path / "noisy", 10)
    for name in ("endless", "endless too"):
        make_endless(tmp_path / "noisy" / f"{name}.wav")
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
        try:
            while len(list((tmp_path / "out").rglob("[0-9]*.wav"))) < 10:
                assert process.poll() is None
                time.sleep(0.05)
            (raylet,) = list_children(process.pid, "raylet")
            started = [
                raylet,
                *list_children(process.pid, "gcs_server"),
                *list_workers(process.pid),
            ]
            said = Path(f"/proc/{raylet}/cmdline").read_text()
            folder = Path(re.search(r"(/tmp/speechgan-\w+)/session", said)[1])
            assert folder.exists()
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert (process.returncode, err) == (130, "speechgan: interrupted\n")
    # Those that were told to end may take a moment after the command.
    end = time.monotonic() + 120
    while any(map(is_alive, started)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not [number for number in started if is_alive(number)]
    assert not folder.exists()
    done = list_files(tmp_path / "out")
    assert len(done) == 10 and done < list_files(tmp_path / "noisy")
    rows = parquet.read_table(tmp_path / "out" / "summary.parquet").to_pylist()
    told = {row["output"] for row in rows if row["error"] is None}
    # The last ones may have been finished without a word.
    assert told <= {str(tmp_path / "out" / name) for name in done}
    assert len(told) >= len(done) - 4
