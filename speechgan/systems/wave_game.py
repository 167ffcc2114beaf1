"""The game of a generator of waves against discriminators of waves, whatever system plays it."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from speechgan.losses.adversarial import Objective
from speechgan.models.discriminators.wave import WaveDiscriminator


@dataclass(frozen=True)
class WaveGame:
    """HiFi-GAN's terms (Kong et al. 2020, arXiv:2010.05646), for each kind of discriminator.

    Deliberate difference: both kinds, `period` and `resolution`, weigh the same, however many there
    are of each.

    Attributes:
        discriminator: of waves.
        objective: form of the game.
        matching: weight of the distance of the discriminator's features.
        adversarial: weight of its scores.
    """

    discriminator: WaveDiscriminator
    objective: Objective
    matching: float
    adversarial: float = 1.0

    def demand(self, made: Tensor, real: Tensor) -> dict[str, Tensor]:
        """What the generator is to lower: `adversarial/KIND` and `matching/KIND`.

        Args:
            made, real: waves `(batch, sample)`.
        """
        terms = {}
        with torch.no_grad():
            aims = self.discriminator(real)
        for kind, judgements in self.discriminator(made).items():
            costs = [self.objective.generator(scores) for scores, _ in judgements]
            terms[f"adversarial/{kind}"] = self.adversarial * torch.stack(costs).mean()
            pairs = zip(judgements, aims[kind], strict=True)
            distance = torch.stack([match_features(a, b) for (_, a), (_, b) in pairs])
            terms[f"matching/{kind}"] = self.matching * distance.mean()
        return terms

    def discriminate(
        self, made: Tensor, real: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """What the discriminator is to lower, by kind; its mean scores, `KIND/real`, `KIND/fake`.

        Args:
            made, real: waves `(batch, sample)`.
        """
        terms, scores = {}, {}
        of_made, of_real = self.discriminator(made), self.discriminator(real)
        for kind in of_real:
            goods, bads = ([found for found, _ in side[kind]] for side in (of_real, of_made))
            costs = [
                self.objective.real(good) + self.objective.fake(bad)
                for good, bad in zip(goods, bads, strict=True)
            ]
            terms[kind] = torch.stack(costs).mean()
            for name, found in (("real", goods), ("fake", bads)):
                scores[f"{kind}/{name}"] = torch.stack([x.detach().mean() for x in found]).mean()
        return terms, scores


def match_features(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Mean absolute difference, averaged over layers (Larsen et al. 2016, arXiv:1512.09300)."""
    return torch.stack([l1_loss(a, b.detach()) for a, b in zip(one, other, strict=True)]).mean()
