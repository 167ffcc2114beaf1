"""The training batches of enhancement."""

from dataclasses import dataclass

from torch import Tensor

from speechgan.data.batch import Batch


@dataclass(frozen=True)
class PairedBatch(Batch):
    """Noisy recordings and the clean speech inside them.

    Attributes:
        noisy: `(batch, sample)`, in [-1, 1].
        clean: the same shape, aligned to the sample.
    """

    noisy: Tensor
    clean: Tensor
