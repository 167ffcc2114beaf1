"""A variational auto-encoder with a discriminator, for sharper images."""

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

    The reconstruction is compared in the discriminator's features and not by points; images drawn
    from the prior are to pass for real. As in the paper, the encoder gets gradients from the
    feature distance, not from the scores.

    Deliberate differences: the discriminator learns that reconstructions are fake, but the
    generator is not trained to raise their scores, which saves a pass; features of all layers of
    the trunk are compared, by absolute difference, as in HiFi-GAN, and points too, with a small
    weight, without which the first steps have no direction; reconstructed and drawn images together
    weigh as much as real ones for the discriminator, where the paper adds up all three.

    Args:
        generator: encoder and decoder.
        discriminator: of images.
        prior: as of `Autoencoder`.
        spread: as of `Autoencoder`; of the comparison by points.
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
        """The generator's terms from the discriminator."""
        return self.game.match(rebuilt, *known(batch)) | self.game.fool(drawn, batch.labels)

    def _make(self, batch: LabelledBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstructed and drawn images, concatenated along the batch; the former's terms."""
        rebuilt, terms = self.close(batch)
        return torch.cat([rebuilt, self.generator(self.draw(batch), batch.labels)]), terms


def known(batch: LabelledBatch) -> tuple[Tensor, Tensor]:
    """Images and their labels."""
    return batch.image, batch.labels
