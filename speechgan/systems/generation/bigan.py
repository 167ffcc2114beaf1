"""An encoder of images that is learned without a reconstruction loss."""

from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.losses.adversarial import Objective, find_objective
from speechgan.models.discriminators.image import ImageDiscriminator
from speechgan.models.generators.image_autoencoder import ImageAutoencoder
from speechgan.models.layers.normal import draw_code
from speechgan.systems.base import Step
from speechgan.systems.generation.base import GenerationSystem


class BiGAN(GenerationSystem):
    """BiGAN (Donahue, Krahenbuhl & Darrell 2016, arXiv:1605.09782), the same game as ALI (Dumoulin
    et al. 2016, arXiv:1606.00704), whose encoder gives a distribution, as here.

    A discriminator of pairs tells a real image with its encoded code from a drawn code with its
    generated image. When it cannot, encoder and generator are each other's inverse, though no loss
    demands that.

    Args:
        generator: encoder and decoder.
        discriminator: with the head `joint` and the generator's code.
        objective: form of the game.

    Raises:
        ValueError: an unknown objective, one that needs a gradient penalty, or a discriminator
            without the code as an input.
    """

    turns = ("generator", "discriminator")
    generator: ImageAutoencoder

    def __init__(
        self,
        generator: ImageAutoencoder,
        discriminator: ImageDiscriminator,
        objective: str = "non_saturating",
    ) -> None:
        super().__init__(generator)
        if discriminator.code != generator.code or discriminator.heads != ("joint",):
            raise ValueError("the discriminator needs heads=[joint] and the generator's code")
        self.discriminator = discriminator
        self.objective: Objective = find_objective(objective)

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """Of the generator, which includes the encoder, `adversarial/encoder` and
        `adversarial/generator`; of the discriminator `discriminator`.
        """
        batch = step.batch
        if player == "generator":
            pairs = self._make(batch)
            step.keep("pairs", [(image.detach(), code.detach()) for image, code in pairs])
            found, drawn = (self._score(batch, *pair) for pair in pairs)
            # The discriminator's terms with real and fake exchanged.
            return {
                "adversarial/encoder": self.objective.fake(found),
                "adversarial/generator": self.objective.real(drawn),
            }
        found, drawn = (
            self._score(batch, *pair) for pair in step.recall("pairs", lambda: self._make(batch))
        )
        self.observe("score/real", found.detach().mean())
        self.observe("score/fake", drawn.detach().mean())
        return {"discriminator": self.objective.real(found) + self.objective.fake(drawn)}

    def _make(self, batch: LabelledBatch) -> list[tuple[Tensor, Tensor]]:
        """Two pairs of image and code: real images with theirs, and drawn codes with theirs."""
        code = draw_code(*self.generator.encode(batch.image, batch.labels))
        drawn = self.draw(batch)
        return [(batch.image, code), (self.generator(drawn, batch.labels), drawn)]

    def _score(self, batch: LabelledBatch, image: Tensor, code: Tensor) -> Tensor:
        [(score, _)] = self.discriminator(image, batch.labels, code)["joint"]
        return score
