"""A conditional variational auto-encoder with losses from a discriminator and a classifier."""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, l1_loss, one_hot

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.image import ImageClassifier
from speechgan.systems.base import Step
from speechgan.systems.generation.vae_gan import VAEGAN


class CVAEGAN(VAEGAN):
    """CVAE-GAN (Bao et al. 2017, arXiv:1703.10155): many different images of one label.

    Encoder and decoder are conditioned on the labels. Mean feature matching: generated images are
    to have the mean features of real ones in the discriminator, and those of real ones of the same
    label in the classifier. That demands less than fooling them, and its gradient does not vanish
    when they are certain. Reconstructions are matched image by image in both. The classifier learns
    from real images only.

    Deliberate differences: means are those of a batch, not moving averages, and distances are
    absolute; matching means weighs as much as matching images, where the paper has a thousandth;
    with two kinds of label, means are taken by each kind.

    Args:
        classifier: of digits, speakers or both.
        classes: weight of feature matching in the classifier.
        settings: of `VAEGAN`.
    """

    turns = ("generator", "discriminator", "classifier")

    def __init__(self, classifier: ImageClassifier, classes: float = 10.0, **settings: Any) -> None:
        super().__init__(**settings)
        self.classifier, self.classes = classifier, classes

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """As of `VAEGAN`, with `mean/discriminator` instead of `adversarial/HEAD`, and in addition
        `matching/classifier` and `mean/classifier`; the classifier's own term is `classifier`.
        """
        batch = step.batch
        if player != "classifier":
            return super().losses(player, step)
        logits, _ = self.classifier(batch.image)
        costs = [cross_entropy(found, batch.labels[:, place]) for place, found in logits.items()]
        return {"classifier": torch.stack(costs).mean()}

    def ask(self, batch: LabelledBatch, rebuilt: Tensor, drawn: Tensor) -> dict[str, Tensor]:
        """The generator's terms from discriminator and classifier."""
        terms = self.game.match(rebuilt, batch.image, batch.labels)
        with torch.no_grad():
            real = self.discriminator.trunk(batch.image)[-1]
            of_class = self.classifier.trunk(batch.image)[-1]
        seen = self.discriminator.trunk(drawn)[-1]
        terms["mean/discriminator"] = self.game.matching * l1_loss(seen.mean(0), real.mean(0))
        again, seen = self.classifier.trunk(torch.cat([rebuilt, drawn]))[-1].chunk(2)
        terms["matching/classifier"] = self.classes * l1_loss(again, of_class)
        costs = [
            l1_loss(mean_by_label(seen, own), mean_by_label(of_class, own))
            for own in (batch.labels[:, place] for place in self.classifier.told)
        ]
        terms["mean/classifier"] = self.classes * torch.stack(costs).mean()
        return terms


def mean_by_label(features: Tensor, labels: Tensor) -> Tensor:
    """`(batch, ...)` to `(label, ...)`, the mean over items of each label; 0 where it has none."""
    of_label = one_hot(labels).to(features.dtype).T
    shares = of_label / of_label.sum(1, keepdim=True).clamp(min=1)
    return (shares @ features.flatten(1)).unflatten(1, features.shape[1:])
