"""A discriminator that generates by searching for what it likes."""

from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.generators.image_search import ImageSearch
from speechgan.systems.base import Step
from speechgan.systems.generation.base import GenerationSystem


class DiscriminatorOnly(GenerationSystem):
    """A GAN whose generator is a search: what the discriminator likes best is its next mistake.

    The training of structured perceptrons (Collins 2002), and of energies whose negatives are short
    searches from noise (Nijkamp et al. 2019, arXiv:1904.09770): real images are to score high, and
    what a search finds low, until it finds what is real. There is one network, which is the
    generator, as what a training releases is called.

    Deliberate difference: scores are bounded by the objective's margin instead of an activation's
    penalty.

    Args:
        generator: the discriminator with its search.
        objective: how real and found images are told apart; `hinge` stops where they are.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    turns = ("generator",)
    generator: ImageSearch

    def __init__(self, generator: ImageSearch, objective: str = "hinge") -> None:
        super().__init__(generator)
        self.objective: Objective = find_objective(objective)

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """`real` and `found`, which tell the two apart."""
        batch = step.batch
        found = self.generator(self.draw(batch), batch.labels)
        high, low = (self.generator.score(x) for x in (batch.image, found))
        self.observe_scores({"real": high.detach().mean(), "found": low.detach().mean()})
        return {"real": self.objective.real(high), "found": self.objective.fake(low)}
