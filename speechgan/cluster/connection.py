"""Connects to Ray: a remote cluster, one on this machine, or a new local one."""

import io
import logging
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from speechgan.utils.errors import SpeechganError
from speechgan.utils.interrupts import heed_interrupts
from speechgan.utils.workers import count_cores

LOCAL = "local"
# Size of Ray's object store, for results only; recordings do not pass through Ray. At least 75 MB.
_STORE_BYTES = 100_000_000


@dataclass(frozen=True)
class Cluster:
    """A connected Ray cluster.

    Attributes:
        scratch: folder for workers' private files; None for the default temporary folder.
        resources: its present resources, such as `CPU` and `GPU`, by name.
    """

    scratch: str | None
    resources: dict[str, float]

    def count_room(self, cpus: int, gpu: bool = False) -> int:
        """How many workers with so many CPUs, or with a GPU each, the resources suffice for."""
        room = self.resources.get("GPU", 0) if gpu else self.resources.get("CPU", 0) // cpus
        return max(1, int(room))


@contextmanager
def connect(address: str, cpus: int = 0) -> Iterator[Cluster]:
    """Connects to Ray, and disconnects at the end; a Ray that was started here is shut down.

    An existing connection of the program is used, and stays. Nothing of the working directory is
    uploaded, and Ray's usage statistics are off. A Ray that is started here requires a token that
    only this process has, unless the program has imported Ray before.

    Args:
        address: "local" starts Ray on this machine; "auto" finds one that runs on it;
            `ray://HOST:10001` is one elsewhere.
        cpus: least number of CPUs of a local one, if that is more than there are cores.

    Raises:
        SpeechganError: no Ray answers there, or none can be started.
    """
    ray = _import_ray(address)
    # Ray prints messages about dead workers to standard output, which is for the report.
    with redirect_stdout(io.StringIO()):
        if ray.is_initialized():
            yield Cluster(None, ray.cluster_resources())
            return
        with _make_folder(address) as folder:
            try:
                _start(ray, address, folder, cpus)
                yield Cluster(folder, ray.cluster_resources())
            finally:
                ray.shutdown()


def _import_ray(address: str) -> Any:
    """Imports Ray, after setting the environment variables that it reads on import."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Otherwise Ray uploads the working directory of a program under `uv run`.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    # Otherwise a call after the loss of a cluster starts another one on this machine.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    if address == LOCAL and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        # It listens to the network, and without a token anyone could run any code by it.
        os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    import ray

    return ray


@contextmanager
def _make_folder(address: str) -> Iterator[str | None]:
    """A private folder for a local Ray's logs and sockets, and for its workers' files."""
    if address != LOCAL:
        yield None
        return
    # Paths of its sockets, which lie below, are limited to 107 characters; TMPDIR may be longer.
    folder = tempfile.mkdtemp(prefix="speechgan-", dir="/tmp" if os.name == "posix" else None)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    """Removes Ray's folder; repeatedly, as its last processes may still write to it."""
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.1)


def _start(ray: Any, address: str, folder: str | None, cpus: int) -> None:
    own: dict[str, Any] = {}
    if folder:
        own = {
            "num_cpus": max(cpus, count_cores()),
            "include_dashboard": False,
            "object_store_memory": _STORE_BYTES,
            "_temp_dir": folder,
        }
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(
            f"--cluster {address}: no Ray answers ({reason[:200]}); start one, for example: "
            "ray start --head"
        ) from None
    heed_interrupts()  # Ray has replaced our signal handlers
