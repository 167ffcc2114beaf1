"""The interface of the further judges of a conditional GAN, beside its discriminator."""

from collections.abc import Mapping

from torch import Tensor, nn

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft


class Judge(nn.Module):
    """A critic of quality, or a further discriminator; a player of its own.

    Attributes:
        scores: figures of its last turn for the log, by name.
    """

    scores: Mapping[str, Tensor] = {}

    def demand(self, enhanced: Signal, clean: Signal) -> dict[str, Tensor]:
        """The generator's loss terms from this judge, by name, not yet weighted."""
        raise NotImplementedError  # an abstract method: every judge has its own

    def losses(
        self, noisy: Signal, clean: Signal, enhanced: Signal, features: Stft
    ) -> dict[str, Tensor]:
        """The terms of its own turn, by name."""
        raise NotImplementedError  # an abstract method; a judge without weights has no turn
