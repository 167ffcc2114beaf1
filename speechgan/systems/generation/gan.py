"""A generator of noise, against an unconditional discriminator."""

from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.systems.base import Step
from speechgan.systems.generation.base import (
    AnyDiscriminator,
    AnyGenerator,
    GenerationSystem,
)
from speechgan.systems.matching_game import MatchingGame


class GAN(GenerationSystem):
    """Generative adversarial nets (Goodfellow et al. 2014, arXiv:1406.2661) in DCGAN's shape
    (Radford, Metz & Chintala 2015, arXiv:1511.06434).

    The paper's k steps of the discriminator to one of the generator are set in the trainer, by
    `trainer.turns.generator.every`.

    Args:
        generator: of images.
        discriminator: of images.
        objective: form of the game; the paper's is `original`, and for the beginning of training it
            advises `non_saturating`.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    turns: tuple[str, ...] = ("generator", "discriminator")

    def __init__(
        self,
        generator: AnyGenerator,
        discriminator: AnyDiscriminator,
        objective: str = "non_saturating",
    ) -> None:
        super().__init__(generator)
        self.discriminator = discriminator
        self.objective: Objective = find_objective(objective)
        self.game = MatchingGame(discriminator, self.objective, matching=0.0)

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """For each head: `adversarial/HEAD` of the generator, `discriminator/HEAD` of the other."""
        batch = step.batch
        if player == "generator":
            code = self.draw(batch)
            made: Tensor = self.generator(code, batch.labels)
            step.keep("made", made.detach())
            return self.ask(batch, code, made)
        made = step.recall("made", lambda: self.make(batch))
        costs, scores = self.discriminate(made, batch)
        self.observe_scores(scores)
        return {f"discriminator/{head}": cost for head, cost in costs.items()}

    def make(self, batch: LabelledBatch) -> Tensor:
        """Generated images for the discriminator, in steps without a turn of the generator."""
        made: Tensor = self.generator(self.draw(batch), batch.labels)
        return made

    def ask(self, batch: LabelledBatch, code: Tensor, made: Tensor) -> dict[str, Tensor]:
        """The generator's terms, for images made of codes and the batch's labels."""
        return self.game.fool(made, batch.labels)

    def discriminate(
        self, made: Tensor, batch: LabelledBatch
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The discriminator's terms, and its mean scores, by head."""
        return self.game.discriminate(made, batch.image, batch.labels)
