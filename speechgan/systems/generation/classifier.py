"""The classifier for evaluating spoken digits: no GAN, and no generator learns from it."""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from speechgan.data.digits.batches import LabelledBatch
from speechgan.metrics.digits import DigitClassifier
from speechgan.systems.base import Step, System


class Classifier(System):
    """Learns digits and speakers from real images.

    Args:
        generator: the classifier, under the name that `System` gives the network to be released.
    """

    turns = ("generator",)

    def __init__(self, generator: DigitClassifier) -> None:
        super().__init__()
        self.generator = generator

    def losses(self, player: str, step: Step[LabelledBatch]) -> dict[str, Tensor]:
        """`digit` and `speaker`, cross-entropies."""
        digit, speaker = self.generator(step.batch.image)
        labels = step.batch.labels
        return {
            "digit": cross_entropy(digit, labels[:, 0]),
            "speaker": cross_entropy(speaker, labels[:, 1]),
        }

    def infer(self, batch: LabelledBatch) -> Tensor:
        """Numbers of digit and speaker `(batch, 2)`."""
        digit, speaker = self.generator(batch.image)
        return torch.stack([digit.argmax(1), speaker.argmax(1)], 1)
