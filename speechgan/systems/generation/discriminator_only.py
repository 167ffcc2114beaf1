"""A discriminator that generates by gradient ascent on its score."""

from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.generators.image_search import ImageSearch
from speechgan.systems.base import Step
from speechgan.systems.generation.base import GenerationSystem


class DiscriminatorOnly(GenerationSystem):
    """A GAN whose generator is a search for images that the discriminator scores high.

    Trained like structured perceptrons (Collins 2002), and like energy-based models whose negatives
    are short searches from noise (Nijkamp et al. 2019, arXiv:1904.09770): real images are to score
    high, and the results of searches low, until these look real. The one network is called the
    generator, as `System` calls the network to be released.

    Deliberate difference: scores are bounded by the objective's margin instead of an activation's
    penalty.

    Args:
        generator: the discriminator with its search.
        objective: of telling real images from found ones; `hinge` has no gradient once they are
            apart.

    Raises:
        ValueError: an unknown objective, or one that needs a gradient penalty.
    """

    turns = ("generator",)
    generator: ImageSearch

    def __init__(self, generator: ImageSearch, objective: str = "hinge") -> None:
        super().__init__(generator)
        self.objective: Objective = find_objective(objective)

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """`real` and `found`: the objective's losses of the two kinds of image."""
        batch = step.batch
        found = self.generator(self.draw(batch), batch.labels)
        high, low = (self.generator.score(x) for x in (batch.image, found))
        self.observe_scores({"real": high.detach().mean(), "found": low.detach().mean()})
        return {"real": self.objective.real(high), "found": self.objective.fake(low)}
