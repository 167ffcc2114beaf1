"""The processes of one training: rank, world size, and what they exchange (`torch.distributed`).

All of it works in a single process too. Messages go from CPU to CPU, by gloo, so that no GPU is
waited for. As with all collective calls, every process must make the same ones in the same order.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeVar

import torch
from torch import distributed

from speechgan.utils.errors import SpeechganError

T = TypeVar("T")
RANKS = ("RANK", "SLURM_PROCID", "LOCAL_RANK")
"""Environment variables, set by torchrun, SLURM or Fabric, that hold a process's rank before the
processes have met; the first that is set counts."""
LOST = ("gloo", "nccl", "connection closed", "connection reset")
"""What is in the message of PyTorch's errors when a process is gone."""


def count() -> int:
    """World size: how many processes there are; 1 until they have met."""
    return distributed.get_world_size() if _met() else 1


def number() -> int:
    """Rank of this process, from 0; before they have met, the rank that it was started with."""
    if _met():
        return distributed.get_rank()
    return int(next((os.environ[name] for name in RANKS if os.environ.get(name)), 0))


def count_neighbours() -> int:
    """Local world size: processes of this training on this machine, this one included."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1))


def share(items: Iterable[T]) -> Iterator[tuple[int, T]]:
    """The items of this process, with their numbers: every world-size-th one from its rank on."""
    return islice(enumerate(items), number() if _met() else 0, None, count())


def gather(value: T) -> list[T]:
    """The values of all processes, in the order of their ranks; every process gets them."""
    if count() == 1:
        return [value]
    values: list[Any] = [None] * count()
    distributed.all_gather_object(values, value, group=_talk())
    return values


def greatest(value: int) -> int:
    """The greatest of all processes' values; every process gets it."""
    if count() == 1:
        return value
    found = torch.tensor(value)
    distributed.all_reduce(found, distributed.ReduceOp.MAX, group=_talk())
    return int(found)


def wait() -> None:
    """A barrier: returns once all processes have called it."""
    greatest(0)


def leave() -> None:
    """Ends the process group, after a barrier: a process that left first would close connections
    that other processes still use, and they would end with an error."""
    if _met():
        wait()
        distributed.destroy_process_group()
        _talk.cache_clear()


def check_count(devices: int, num_nodes: int) -> None:
    """Compares the configuration with how many processes torchrun or srun have started.

    Raises:
        SpeechganError: they disagree, or are no counts.
    """
    for name, value in (("devices", devices), ("num_nodes", num_nodes)):
        if not isinstance(value, int) or value < 1:
            raise SpeechganError(f"trainer.{name}={value}: must be a whole number of at least 1")
    found = _find_started()
    if found and found[1] != devices * num_nodes:
        starter, processes, nodes = found
        raise SpeechganError(
            f"trainer.devices={devices} on trainer.num_nodes={num_nodes} are "
            f"{devices * num_nodes} processes, but {starter} started {processes}; give "
            f"trainer.devices={processes // nodes} trainer.num_nodes={nodes}"
        )


@contextmanager
def tell_of_loss() -> Iterator[None]:
    """One error, from one of the remaining processes, where a process has ended without the others.

    Raises:
        SpeechganError: in the first process that finds out.
        SystemExit: in the other ones, which need not repeat it.
    """
    try:
        yield
    except RuntimeError as error:
        text = str(error).lower()
        if count() == 1 or not any(sign in text for sign in LOST):
            raise
        if not _speaks():
            raise SystemExit(1) from None
        raise SpeechganError(
            f"process {number()} of {count()}: another process of this training has ended; start "
            "all of them again with --resume"
        ) from None


def _met() -> bool:
    return distributed.is_available() and distributed.is_initialized()


@cache
def _talk() -> Any:
    """The group for messages; gradients have another, of nccl, on GPUs."""
    gloo = distributed.get_backend() == "gloo"
    return distributed.group.WORLD if gloo else distributed.new_group(backend="gloo")


def _speaks() -> bool:
    """Whether no process has reported the loss yet; yes, too, if the process that held their shared
    store is the one that is lost."""
    try:
        store = distributed.distributed_c10d._get_default_store()
        return bool(store.add("speechgan/lost", 1) == 1)
    except RuntimeError:
        return True


def _find_started() -> tuple[str, int, int] | None:
    """Who started this process, with how many processes, on how many nodes; None for nobody."""
    given = os.environ
    if distributed.is_available() and distributed.is_torchelastic_launched():
        processes = int(given["WORLD_SIZE"])
        return "torchrun", processes, processes // int(given["LOCAL_WORLD_SIZE"])
    # Of a step of srun, not of the script of sbatch around it; one task may be a shell.
    tasks = int(given.get("SLURM_STEP_NUM_TASKS", 1))
    return ("srun", tasks, int(given.get("SLURM_STEP_NUM_NODES", 1))) if tasks > 1 else None
