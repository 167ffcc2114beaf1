"""Processes that a Ray has started, as /proc knows them (Linux)."""

import os
from pathlib import Path


def list_children(process: int, name: str) -> list[int]:
    """Processes that a process has started, by the beginning of what they are called."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                called = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue  # it has just ended
            if parent == process and name in called:
                found.append(int(folder.name))
    return found


def is_alive(process: int) -> bool:
    """Whether it has not ended; whoever inherits it may take its time to learn that it has."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def list_workers(process: int = os.getpid()) -> list[int]:
    """The workers of the Ray that a process has started."""
    return [w for r in list_children(process, "raylet") for w in list_children(r, "ray::Worker")]
