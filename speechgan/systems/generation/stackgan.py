"""A coarse image and the full one made from it, each against a discriminator of its own."""

from dataclasses import replace

from torch import Tensor
from torch.nn.functional import avg_pool2d

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.image import CoarseDiscriminator, ImageDiscriminator
from speechgan.models.generators.stacked import StackedGenerator, Stage
from speechgan.models.layers.normal import kl_divergence
from speechgan.systems.base import Step
from speechgan.systems.generation.cgan import ConditionalGAN, judge_pairs
from speechgan.systems.matching_game import MatchingGame

STAGES = {"coarse_discriminator": "coarse", "discriminator": "full"}
"""Stages by their discriminators, in the order of the generator's."""


class StackGAN(ConditionalGAN):
    """StackGAN (Zhang et al. 2017, arXiv:1612.03242).

    Each stage of the generator has a conditional game of its own, with mismatched pairs; the real
    images of the coarse one are averaged over 2 x 2 points. A stage is not trained before its
    discriminator enters the game, at `trainer.turns.discriminator.start`: the paper trains Stage I
    first, then Stage II.

    Deliberate differences: there Stage I is fixed once Stage II trains, here it goes on learning,
    though without gradients from Stage II; the discriminators learn label embeddings of their own,
    where the paper's share the text's; divergences are a mean over the values of a condition, as in
    the authors' code, not the paper's sum, so that one weight suits any size.

    Args:
        generator: of two stages.
        coarse_discriminator: of images of half the size, with heads as of `ConditionalGAN`; the
            paper's is `joint`.
        discriminator: of full images, with such heads too.
        objective: form of both games.
        augmentation: weight of the divergence of conditions from a standard normal distribution,
            per value; 0 where they are not drawn.

    Raises:
        ValueError: see `GAN`; a negative weight, or one that is 0 where the generator's is not, or
            the reverse.
    """

    turns = ("generator", *STAGES)
    generator: StackedGenerator

    def __init__(
        self,
        generator: StackedGenerator,
        coarse_discriminator: CoarseDiscriminator,
        discriminator: ImageDiscriminator,
        objective: str = "non_saturating",
        augmentation: float = 1.0,
    ) -> None:
        super().__init__(generator, discriminator, objective)
        if augmentation < 0 or bool(augmentation) != bool(generator.augmentation):
            raise ValueError(
                f"augmentation {augmentation}: must be at least 0, and 0 where the generator's is"
            )
        self.coarse_discriminator, self.augmentation = coarse_discriminator, augmentation

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """The terms of one player, STAGE being `coarse` or `full`.

        Of the generator `STAGE/adversarial/HEAD` and, with augmentation, `STAGE/augmentation`, for
        each stage whose discriminator is in play, or for the coarse one where none is; of a
        discriminator `STAGE/discriminator/HEAD`.
        """
        batch = step.batch
        if player == "generator":
            stages = self._draw(batch)
            step.keep("made", {name: stage.image.detach() for name, stage in stages.items()})
            # Where none is in play the untrained coarse one serves, as in GAN.
            judges = [name for name in STAGES if name in step.in_play] or ["coarse_discriminator"]
            of_stages = [self._ask(name, stages[name], batch) for name in judges]
            return {name: term for terms in of_stages for name, term in terms.items()}
        made = step.recall("made", lambda: {n: s.image for n, s in self._draw(batch).items()})
        if player == "coarse_discriminator":
            batch = replace(batch, image=avg_pool2d(batch.image, 2))
        judge, name = getattr(self, player), STAGES[player]
        costs, scores = judge_pairs(judge, self.objective, made[player], batch)
        self.observe_scores({f"{name}/{score}": mean for score, mean in scores.items()})
        return {f"{name}/discriminator/{head}": cost for head, cost in costs.items()}

    def _draw(self, batch: LabelledBatch) -> dict[str, Stage]:
        """The stages by their discriminators."""
        stages = self.generator.stages(self.draw(batch), batch.labels)
        return dict(zip(STAGES, stages, strict=True))

    def _ask(self, player: str, stage: Stage, batch: LabelledBatch) -> dict[str, Tensor]:
        """The generator's terms of one stage."""
        game = MatchingGame(getattr(self, player), self.objective, matching=0.0)
        terms = game.fool(stage.image, batch.labels)
        if self.augmentation:
            excess = kl_divergence(stage.mean, stage.log_variance) / stage.mean.shape[1]
            terms["augmentation"] = self.augmentation * excess
        return {f"{STAGES[player]}/{name}": term for name, term in terms.items()}
