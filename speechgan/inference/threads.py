"""Limits on the number of CPU threads."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from speechgan.utils.errors import SpeechganError


def check_threads(count: int | None) -> None:
    """Checks a number of threads; None leaves the engine's own choice.

    Raises:
        SpeechganError: below 1.
    """
    if count is not None and count < 1:
        raise SpeechganError(f"threads {count}: must be 1 or more")


@contextmanager
def limit_threads(count: int | None) -> Iterator[None]:
    """Sets PyTorch's number of CPU threads within the block; None leaves it.

    It does nothing if PyTorch has not been imported.
    """
    if "torch" not in sys.modules:
        yield
        return
    import torch

    before = torch.get_num_threads()
    if count is None or count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
