"""Ray, found or started: a cluster elsewhere, one on this machine, or a small one of our own."""

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
# Of what workers answer; recordings never pass through Ray. The least that it takes is 75 MB.
_STORE_BYTES = 100_000_000


@dataclass(frozen=True)
class Cluster:
    """A Ray that is connected.

    Attributes:
        scratch: where its workers may keep private files; None for the usual place.
        resources: what it has now, such as `CPU` and `GPU`, by name.
    """

    scratch: str | None
    resources: dict[str, float]

    def count_room(self, cpus: int, gpu: bool = False) -> int:
        """For how many workers of so many CPUs, or with a GPU each, there is room now."""
        room = self.resources.get("GPU", 0) if gpu else self.resources.get("CPU", 0) // cpus
        return max(1, int(room))


@contextmanager
def connect(address: str, cpus: int = 0) -> Iterator[Cluster]:
    """Connects to Ray, and disconnects at the end; one that was started here ends then.

    A program that is connected already stays so. Nothing of the working directory is sent anywhere,
    and Ray's usage statistics are off. One that is started here obeys this process alone, unless
    the program has imported Ray before.

    Args:
        address: "local" starts Ray on this machine; "auto" finds one that runs on it;
            `ray://HOST:10001` is one elsewhere.
        cpus: that a local one is to have at least, if that is more than there are cores.

    Raises:
        SpeechganError: no Ray answers there, or none can be started.
    """
    ray = _import_ray(address)
    # Ray prints what it thinks of dead workers to standard output, which is the report's.
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
    """Ray, told by the environment what it asks for while it is imported."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Else a program under `uv run` has Ray upload the folder that it was started in.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    # Else a call after a cluster was lost starts another one on this machine.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    if address == LOCAL and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        # It listens to the network, and whoever reaches it without a key may have it run anything.
        os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    import ray

    return ray


@contextmanager
def _make_folder(address: str) -> Iterator[str | None]:
    """A private one for a local Ray's logs and sockets, and for its workers' files."""
    if address != LOCAL:
        yield None
        return
    # The names of its sockets lie below it and may have 107 letters; TMPDIR may have more.
    folder = tempfile.mkdtemp(prefix="speechgan-", dir="/tmp" if os.name == "posix" else None)
    try:
        yield folder
    finally:
        _remove(folder)


def _remove(folder: str) -> None:
    """Removes Ray's folder, into which the last of its processes may write as long as they end."""
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
    heed_interrupts()  # Ray has put a handler of its own in the place of ours
