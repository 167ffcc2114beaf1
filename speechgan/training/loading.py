"""Numbered batches, made ahead of time by worker processes."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch.utils.data import DataLoader, Dataset

from speechgan.utils.errors import SpeechganError


class Batches(Protocol):
    """Numbered batches: number `n` is the same whenever it is asked for.

    Attributes:
        seconds: of sound in a batch, counted once where it holds the same sound twice.
    """

    @property
    def seconds(self) -> float: ...

    def __getitem__(self, number: int) -> Any: ...


def load_batches(
    batches: Batches, numbers: Sequence[int], device: torch.device, workers: int = 0
) -> Iterator[Any]:
    """The batches of these numbers, in this order, on a device.

    Args:
        batches: what makes them.
        numbers: which to make.
        device: where to.
        workers: processes that make batches; 0 to make them in this one.

    Raises:
        SpeechganError: a batch cannot be made; while iterating.
    """
    loader: DataLoader[Any] = DataLoader(
        _Indexed(batches),
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=device.type == "cuda",
        worker_init_fn=_prepare_worker,
        generator=torch.Generator(),  # of its own: making batches draws nothing of the run's
        multiprocessing_context="spawn" if workers else None,
    )
    return (_check(batch).to(device) for batch in loader)


@contextmanager
def tell_of_killed_workers() -> Iterator[None]:
    """One error in place of PyTorch's, which its signal handler raises wherever the training is.

    While a batch is being read, the end of the connection may be found first.

    Raises:
        SpeechganError: a process that makes batches was killed.
    """
    try:
        yield
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith("DataLoader worker"):
            raise
        raise SpeechganError(
            "a process that makes batches was killed, perhaps for want of memory; go on with "
            "--resume, and with trainer.workers=0 if it happens again"
        ) from None


class _Indexed(Dataset[Any]):
    """Batches as a dataset whose sampler decides where it ends."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    def __getitem__(self, number: int) -> Any:
        # An exception that is raised in a worker comes with the worker's traceback in its text.
        try:
            return self.batches[number]
        except SpeechganError as error:
            return error


def _check(batch: Any) -> Any:
    if isinstance(batch, SpeechganError):
        raise batch
    return batch


def _prepare_worker(worker: int) -> None:
    torch.set_num_threads(1)
    # Ctrl-C and SIGTERM are the trainer's to answer; the loader ends its workers itself.
    for number in (signal.SIGINT, signal.SIGTERM):  # `timeout` and SLURM send theirs to all
        signal.signal(number, signal.SIG_IGN)
