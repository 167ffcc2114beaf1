"""A count that is kept with a module's weights."""

from typing import Any

import torch
from torch import nn


class Counter:
    """A buffer of a module that counts; `int` of it does not wait for the device it is on.

    Args:
        owner: the module, which saves and loads it.
        name: of the buffer.
    """

    def __init__(self, owner: nn.Module, name: str) -> None:
        owner.register_buffer(name, torch.zeros((), dtype=torch.long))
        owner.register_load_state_dict_post_hook(self._forget)
        self._owner, self._name = owner, name
        self._known: int | None = 0

    def __int__(self) -> int:
        if self._known is None:
            self._known = int(self._owner.get_buffer(self._name))
        return self._known

    def add(self) -> None:
        """One more."""
        self._known = int(self) + 1
        self._owner.get_buffer(self._name).add_(1)

    def _forget(self, *_: Any) -> None:
        """After loading, the count is read from the buffer at its next use."""
        self._known = None
