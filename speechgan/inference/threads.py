"""How many threads PyTorch may take."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def limit_threads(count: int | None) -> Iterator[None]:
    """PyTorch's threads on the CPU, for as long as the block lasts; None leaves them."""
    before = torch.get_num_threads()
    if count is None or count == before:
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
