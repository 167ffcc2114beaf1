"""Adversarial and feature-matching losses against several kinds of discriminator."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from speechgan.losses.adversarial import Objective
from speechgan.models.discriminators.judgement import Judgement


@dataclass(frozen=True)
class MatchingGame:
    """HiFi-GAN's losses (Kong et al. 2020, arXiv:2010.05646), for each kind of discriminator.

    Deliberate differences: all kinds weigh the same, however many there are of each; distances are
    averaged over layers, where HiFi-GAN adds them up, and the scores are not one of these layers;
    squares of the objective `lsgan` are halved, HiFi-GAN's are not.

    Attributes:
        discriminator: called with candidates and, where it is conditional, with their conditions,
            it returns a list of judgements for each kind, such as `period` and `resolution` of
            waves.
        objective: form of the game.
        matching: weight of the distance of the discriminator's features.
        adversarial: weight of its scores.
    """

    discriminator: nn.Module
    objective: Objective
    matching: float
    adversarial: float = 1.0

    def demand(self, made: Tensor, real: Tensor, *known: Tensor) -> dict[str, Tensor]:
        """The generator's terms: `adversarial/KIND` and `matching/KIND`.

        Args:
            made: the generator's output.
            real: its target, of the same shape.
            known: conditions of the discriminator, such as labels, for each item.
        """
        found = self.discriminator(made, *known)
        return self._fool(found) | self._match(found, self._aim(real, *known))

    def fool(self, made: Tensor, *known: Tensor) -> dict[str, Tensor]:
        """`adversarial/KIND` alone, for output without a target."""
        return self._fool(self.discriminator(made, *known))

    def match(self, made: Tensor, real: Tensor, *known: Tensor) -> dict[str, Tensor]:
        """`matching/KIND` alone: only the distance of the discriminator's features."""
        return self._match(self.discriminator(made, *known), self._aim(real, *known))

    def discriminate(
        self, made: Tensor, real: Tensor, *known: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The discriminator's terms by kind, and its mean scores `KIND/real` and `KIND/fake`.

        Args:
            made, real: of the same shape; items need not correspond.
            known: conditions of the discriminator for each item, the same for both sides.
        """
        terms, scores = {}, {}
        of_made, of_real = self.discriminator(made, *known), self.discriminator(real, *known)
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

    @torch.no_grad()
    def _aim(self, real: Tensor, *known: Tensor) -> dict[str, list[Judgement]]:
        aims: dict[str, list[Judgement]] = self.discriminator(real, *known)
        return aims

    def _fool(self, found: dict[str, list[Judgement]]) -> dict[str, Tensor]:
        terms = {}
        for kind, judgements in found.items():
            costs = [self.objective.generator(scores) for scores, _ in judgements]
            terms[f"adversarial/{kind}"] = self.adversarial * torch.stack(costs).mean()
        return terms

    def _match(
        self, found: dict[str, list[Judgement]], aims: dict[str, list[Judgement]]
    ) -> dict[str, Tensor]:
        terms = {}
        for kind, judgements in found.items():
            pairs = zip(judgements, aims[kind], strict=True)
            distance = torch.stack([match_features(a, b) for (_, a), (_, b) in pairs])
            terms[f"matching/{kind}"] = self.matching * distance.mean()
        return terms


def match_features(one: list[Tensor], other: list[Tensor]) -> Tensor:
    """Mean absolute difference, averaged over layers (Larsen et al. 2016, arXiv:1512.09300)."""
    return torch.stack([l1_loss(a, b.detach()) for a, b in zip(one, other, strict=True)]).mean()
