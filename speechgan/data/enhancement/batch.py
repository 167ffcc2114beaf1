"""What a training step is given."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PairedBatch:
    """Noisy recordings and the clean speech inside them.

    Attributes:
        noisy: `(batch, sample)`, in [-1, 1].
        clean: the same shape, aligned to the sample.
    """

    noisy: Tensor
    clean: Tensor

    def to(self, device: str | torch.device) -> "PairedBatch":
        """The same batch on another device."""
        return PairedBatch(
            self.noisy.to(device, non_blocking=True),
            self.clean.to(device, non_blocking=True),
        )
