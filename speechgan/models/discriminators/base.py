"""The interface of the discriminators of a conditional GAN."""

from torch import Tensor, nn

from speechgan.features.signal import Signal


class Discriminator(nn.Module):
    """Called with condition and candidate, it scores the candidate, once for each of its heads.

    Attributes:
        reads: the view of a signal that is its input, `image` or `wave`.
        heads: names of its scores.
        conditional_heads: those that see the condition.
    """

    reads: str
    heads: tuple[str, ...]
    conditional_heads: tuple[str, ...]

    def meet(self, condition: Signal, real: Signal) -> None:
        """Called with real pairs before it judges any; most discriminators do nothing."""

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores of any shape, high for real, by head."""
        raise NotImplementedError  # an abstract method: every discriminator has its own
