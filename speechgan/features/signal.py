"""A wave and its image, so that whoever judges it can look at either."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Signal:
    """The same sound twice.

    Attributes:
        wave: `(batch, sample)`.
        image: `(batch, 2, frequency, frame)`, of `speechgan.features.stft.Stft`; or a map of its
            points, `(batch, 1, frequency, frame)`.
    """

    wave: Tensor
    image: Tensor

    def detach(self) -> "Signal":
        """Without the graph that made it."""
        return Signal(self.wave.detach(), self.image.detach())

    def float(self) -> "Signal":
        """In single precision."""
        return Signal(self.wave.float(), self.image.float())

    def roll(self) -> "Signal":
        """Each item given the sound of the one before it."""
        return Signal(self.wave.roll(1, 0), self.image.roll(1, 0))
