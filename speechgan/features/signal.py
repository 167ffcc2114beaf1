"""A wave together with its image, for networks and losses that need either."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Signal:
    """The same sound in two representations.

    Attributes:
        wave: `(batch, sample)`.
        image: `(batch, 2, frequency, frame)`, of `speechgan.features.stft.Stft`; or a map of its
            points, `(batch, 1, frequency, frame)`.
    """

    wave: Tensor
    image: Tensor

    def detach(self) -> "Signal":
        """The same signal without its graph."""
        return Signal(self.wave.detach(), self.image.detach())

    def float(self) -> "Signal":
        """In single precision."""
        return Signal(self.wave.float(), self.image.float())

    def roll(self) -> "Signal":
        """The batch shifted by one, so that each item has the sound of the one before it."""
        return Signal(self.wave.roll(1, 0), self.image.roll(1, 0))
