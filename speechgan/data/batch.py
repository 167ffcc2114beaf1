"""What every training batch can do."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, Self

import torch
from torch import Tensor


class Batch:
    """A base of dataclasses of tensors."""

    def to(self, device: str | torch.device) -> Self:
        """The same batch on another device; from pinned memory without waiting for it."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Self:
        """The same batch in memory that a GPU reads by itself; a `DataLoader` asks for it."""
        return self._map(Tensor.pin_memory)

    def _map(self, change: Callable[[Tensor], Tensor]) -> Self:
        own: Any = self
        return type(self)(*(change(getattr(self, field.name)) for field in fields(own)))
