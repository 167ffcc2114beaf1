"""How many threads an engine may take."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from speechgan.utils.errors import SpeechganError


def check_threads(count: int | None) -> None:
    """Refuses what is no number of threads; None leaves the engine's own choice.

    Raises:
        SpeechganError: below 1.
    """
    if count is not None and count < 1:
        raise SpeechganError(f"threads {count}: must be 1 or more")


@contextmanager
def limit_threads(count: int | None) -> Iterator[None]:
    """PyTorch's threads on the CPU, for as long as the block lasts; None leaves them.

    Where PyTorch is not in use there is nothing to limit.
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
