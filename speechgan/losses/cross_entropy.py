"""Cross-entropy between a predicted map of speech and the ideal one."""

from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy

from speechgan.features.signal import Signal


class MapCrossEntropy(nn.Module):
    """Binary cross-entropy, point by point, as in SalGAN (Pan et al. 2017, arXiv:1701.01081).

    A term of `Closeness` for signals whose image is a map in [0, 1]. Its minimum, where maps agree,
    is the entropy of the ideal one, not 0.
    """

    def forward(self, made: Signal, true: Signal) -> Tensor:
        """A scalar, in nats."""
        return binary_cross_entropy(made.image, true.image)
