"""A `speechgan serve` of its own for benchmarks/service.py, and what /proc tells of it (Linux)."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

from speechgan.utils.errors import SpeechganError

ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Server:
    """A server in a process of its own, from the beginning of a `with` to its end.

    Args:
        options: of `speechgan serve`, without their dashes; `max_streams=8` is `--max-streams 8`.

    Raises:
        SpeechganError: it does not start, or this system has no /proc.
    """

    def __init__(self, **options: object) -> None:
        if not Path("/proc/self/status").exists():
            raise SpeechganError("service.py: reads /proc, which only Linux has")
        words = [w for k, v in options.items() for w in (f"--{k.replace('_', '-')}", str(v))]
        command = [sys.executable, "-m", "speechgan", "serve", "--port", "0", *words]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self.port = self._find_port()
        # Or the pipe fills, and the server waits for ever to say something.
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def read_memory(self) -> float:
        """Resident memory, in MB (10^6 bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6

    def read_clocks(self) -> tuple[float, float]:
        """Seconds of processor time that it has had, and the time of now."""
        # The second field is the program's name, which may hold spaces.
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), time.perf_counter()

    @property
    def faults(self) -> int:
        """Tracebacks that it has printed."""
        return sum(line.startswith("Traceback") for line in self.said)

    def _find_port(self) -> int:
        for line in self.process.stderr:
            self.said.append(line)
            if place := ADDRESS.search(line):
                return int(place[1])
        raise SpeechganError(f"service.py: the server does not start: {''.join(self.said)[-500:]}")

    def _listen(self) -> None:
        for line in self.process.stderr:
            self.said.append(line)
