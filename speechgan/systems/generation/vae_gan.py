"""A variational auto-encoder that a discriminator keeps sharp."""

import torch
from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.discriminators.image import ImageDiscriminator
from speechgan.models.generators.image_autoencoder import ImageAutoencoder
from speechgan.systems.base import Step
from speechgan.systems.generation.autoencoder import Autoencoder
from speechgan.systems.matching_game import MatchingGame


class VAEGAN(Autoencoder):
    """VAE-GAN (Larsen et al. 2016, arXiv:1512.09300).

    Likeness is a distance in the discriminator's features and not of points; what is drawn from the
    prior is to pass for real. As in the paper, the encoder does not hear what the discriminator
    says, only what it looks at.

    Deliberate differences: the score of what is rebuilt is the discriminator's to lower, and
    nobody's to raise, which saves a pass; likeness is counted in all layers of the trunk, by
    absolute difference, as HiFi-GAN counts it, and in points too, with a small weight, without
    which the first steps have no direction; to the discriminator what is rebuilt and what is drawn
    count together as much as what is real, where the paper adds up all three.

    Args:
        generator: encoder and decoder.
        discriminator: of images.
        prior: as of `Autoencoder`.
        spread: as of `Autoencoder`, of points.
        matching: weight of the distance of features.
        adversarial: weight of the discriminator's scores.
        objective: form of the game.

    Raises:
        ValueError: see `Autoencoder`; an unknown objective, or one that needs a gradient penalty.
    """

    turns: tuple[str, ...] = ("generator", "discriminator")

    def __init__(
        self,
        generator: ImageAutoencoder,
        discriminator: ImageDiscriminator,
        prior: float = 1.0,
        spread: float = 1.0,
        matching: float = 10.0,
        adversarial: float = 1.0,
        objective: str = "non_saturating",
    ) -> None:
        super().__init__(generator, prior, spread)
        self.discriminator = discriminator
        self.objective: Objective = find_objective(objective)
        self.game = MatchingGame(discriminator, self.objective, matching, adversarial)

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """The terms of one player.

        Of the generator those of `Autoencoder`, `matching/HEAD` and `adversarial/HEAD`; of the
        discriminator `discriminator/HEAD`.
        """
        batch = step.batch
        if player == "discriminator":
            made = step.recall("made", lambda: self._make(batch)[0])
            costs, scores = self.game.discriminate(made, *(torch.cat([x, x]) for x in known(batch)))
            self.observe_scores(scores)
            return {f"discriminator/{head}": cost for head, cost in costs.items()}
        made, terms = self._make(batch)
        step.keep("made", made.detach())
        if "discriminator" in step.in_play:
            terms |= self.ask(batch, *made.chunk(2))
        return terms

    def ask(self, batch: LabelledBatch, rebuilt: Tensor, drawn: Tensor) -> dict[str, Tensor]:
        """What the discriminator has the generator lower."""
        return self.game.match(rebuilt, *known(batch)) | self.game.fool(drawn, batch.labels)

    def _make(self, batch: LabelledBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Rebuilt images and behind them, along the batch, drawn ones; what the former cost."""
        rebuilt, terms = self.close(batch)
        return torch.cat([rebuilt, self.generator(self.draw(batch), batch.labels)]), terms


def known(batch: LabelledBatch) -> tuple[Tensor, Tensor]:
    """Images and their labels."""
    return batch.image, batch.labels
