"""The base class of training batches."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Self

import torch
from torch import Tensor


class Batch:
    """A base of dataclasses of tensors."""

    def to(self, device: str | torch.device) -> Self:
        """The same batch on another device; asynchronously from pinned memory."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Self:
        """The same batch in page-locked memory; a `DataLoader` calls it."""
        return self._map(Tensor.pin_memory)

    def _map(self, change: Callable[[Tensor], Tensor]) -> Self:
        own: Any = self
        return type(self)(*(change(getattr(self, field.name)) for field in fields(own)))
