"""A discriminator of waves as a judge of enhancement."""

import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import find_objective
from speechgan.models.discriminators.wave import WaveDiscriminator
from speechgan.systems.enhancement.judge import Judge
from speechgan.systems.matching_game import MatchingGame


class WaveJudge(Judge):
    """Multi-period discriminators with feature matching (HiFi-GAN, Kong et al. 2020,
    arXiv:2010.05646), and multi-resolution ones, as in UnivNet (Jang et al. 2021,
    arXiv:2106.07889), where HiFi-GAN has multi-scale ones.

    They judge whether speech is clear, and are not given the noisy condition: whether speech
    matches it is left to the match head and to closeness.

    Args:
        network: the discriminator.
        objective: form of the game; HiFi-GAN's is `lsgan`.
        matching: weight of the distance of features against that of the scores; HiFi-GAN's is 2,
            of a sum over layers (see `MatchingGame`).
        samples: length of the random crop of each item that is judged, since such discriminators
            cost more than all the rest of a step; None for all of it.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    def __init__(
        self,
        network: WaveDiscriminator,
        objective: str = "lsgan",
        matching: float = 2.0,
        samples: int | None = None,
    ) -> None:
        super().__init__()
        self.network, self.samples = network, samples
        self.game = MatchingGame(network, find_objective(objective), matching)

    def demand(self, enhanced: Signal, clean: Signal) -> dict[str, Tensor]:
        """`adversarial/KIND` and `matching/KIND` for the kinds `period` and `resolution`."""
        return self.game.demand(*self._crop(enhanced.wave, clean.wave))

    def losses(
        self, noisy: Signal, clean: Signal, enhanced: Signal, features: Stft
    ) -> dict[str, Tensor]:
        """One term for each kind."""
        terms, self.scores = self.game.discriminate(*self._crop(enhanced.wave, clean.wave))
        return terms

    def _crop(self, *waves: Tensor) -> list[Tensor]:
        """The same random crop of all waves `(batch, sample)`."""
        spare = waves[0].shape[-1] - (self.samples or waves[0].shape[-1])
        start = int(torch.randint(spare + 1, ())) if spare > 0 else 0
        return [wave[:, start : start + self.samples if self.samples else None] for wave in waves]
