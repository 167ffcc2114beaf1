"""Auto-encoders of images, variational or plain."""

from torch import Tensor
from torch.nn.functional import l1_loss

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.layers.normal import draw_code, kl_divergence
from speechgan.systems.base import Step
from speechgan.systems.generation.base import AnyAutoencoder, GenerationSystem


class Autoencoder(GenerationSystem):
    """The variational auto-encoder (Kingma & Welling 2013, arXiv:1312.6114), or a plain one.

    Deliberate difference: the reconstruction loss is an absolute difference, a Laplace likelihood,
    which blurs less than the paper's normal one.

    Args:
        generator: encoder and decoder, of images or of sequences of them.
        prior: weight of the divergence of codes from a standard normal distribution, per point of
            the image; 0 for a plain auto-encoder, whose codes are the means.
        spread: scale of the Laplace distribution; differences are divided by it.

    Raises:
        ValueError: a negative weight, or a spread that is not above 0.
    """

    turns: tuple[str, ...] = ("generator",)
    generator: AnyAutoencoder

    def __init__(self, generator: AnyAutoencoder, prior: float = 1.0, spread: float = 0.1) -> None:
        super().__init__(generator)
        if prior < 0 or spread <= 0:
            raise ValueError(f"prior {prior}, spread {spread}: must be at least 0, and above 0")
        self.prior, self.spread = prior, spread

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """`reconstruction` and, with a prior, `prior`, both per point of the image."""
        return self.close(step.batch)[1]

    def close(self, batch: LabelledBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The reconstruction of a batch, and its loss terms."""
        mean, log_variance = self.generator.encode(batch.image, batch.labels)
        code = draw_code(mean, log_variance) if self.prior else mean
        rebuilt = self.generator(code, batch.labels)
        terms = {"reconstruction": l1_loss(rebuilt, batch.image) / self.spread}
        if self.prior:
            divergence = kl_divergence(mean, log_variance)
            terms["prior"] = self.prior * divergence / batch.image[0].numel()
        return rebuilt, terms
