"""Classifiers and discriminators of images, with their layers and classes."""

import os
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch
from torch import Tensor, nn

from speechgan.features.clip import MelClip
from speechgan.inference.interpretation.trainings import load_discriminator
from speechgan.metrics.digits import DIGITS, SPEAKERS, DigitClassifier, load_judge
from speechgan.models.discriminators.image import ImageDiscriminator
from speechgan.pretrained.build import build_part
from speechgan.pretrained.labels import load_labels

CLASSIFIER = "digit_classifier"
"""Name of the packaged classifier."""


class Judge:
    """A classifier or discriminator of images.

    Attributes:
        features: image to sound.
        shape: of its images, bins and frames.
        classes: names of its outputs.
    """

    features: MelClip
    shape: tuple[int, int]
    classes: tuple[str, ...]

    def hear(self, images: Tensor) -> list[Tensor]:
        """`(batch, 1, bin, frame)` in [-1, 1] to the features `(batch, channel, ...)` of every
        layer, in their order.
        """
        raise NotImplementedError  # an abstract method: every judge has its own

    def decide(self, heard: Tensor, number: int) -> Tensor:
        """Scores `(batch,)` of a class, by its number, from the last layer's features."""
        raise NotImplementedError  # an abstract method: every judge has its own


class ClassifierJudge(Judge):
    """The classifier of digits and speakers.

    The score of a class is its log-odds among digits, or among speakers; a high logit alone does
    not suffice, as those of all others may be higher.

    Args:
        network: in evaluation mode.
    """

    classes = (*DIGITS, *SPEAKERS)

    def __init__(self, network: DigitClassifier) -> None:
        self.network, self.features = network, MelClip()
        self.shape = (self.features.bins, self.features.frames)

    def hear(self, images: Tensor) -> list[Tensor]:
        """See `Judge`."""
        heard, found = [], images
        for layer in self.network.layers:
            found = layer(found)
            if isinstance(layer, nn.ReLU):
                heard.append(found)
        return [*heard, self.network.enter(found).relu()]

    def decide(self, heard: Tensor, number: int) -> Tensor:
        """See `Judge`."""
        own, place = self.network.digit, number
        if number >= len(DIGITS):
            own, place = self.network.speaker, number - len(DIGITS)
        logits = own(heard)
        others = torch.arange(logits.shape[1], device=logits.device) != place
        return logits[:, place] - logits[:, others].logsumexp(1)


class DiscriminatorJudge(Judge):
    """A discriminator of images.

    A class is a head, such as `clear`, or, if the head is conditional, a head with labels, such as
    `match_7_theo`. A discriminator of pairs of image and code has no classes.

    Args:
        network: in evaluation mode.
        features: of its training.
        names: of digits and of speakers, in the order of their numbers.
    """

    def __init__(
        self,
        network: ImageDiscriminator,
        features: MelClip,
        names: Sequence[Sequence[str]] = ((), ()),
    ) -> None:
        self.network, self.features, self.shape = network, features, network.shape
        self._asked: dict[str, tuple[str, list[int]]] = {}
        for head in () if network.code else network.heads:
            told = () if head == "clear" else network.told
            for numbers in product(*(range(len(names[place])) for place in told)):
                labels = [0, 0]
                for place, number in zip(told, numbers, strict=True):
                    labels[place] = number
                words = [names[place][labels[place]] for place in told]
                self._asked["_".join([head, *words])] = head, labels
        self.classes = tuple(self._asked)

    def hear(self, images: Tensor) -> list[Tensor]:
        """See `Judge`."""
        heard: list[Tensor] = self.network.trunk(images)
        return heard

    def decide(self, heard: Tensor, number: int) -> Tensor:
        """See `Judge`."""
        head, labels = self._asked[self.classes[number]]
        wanted = torch.tensor(labels, device=heard.device).expand(len(heard), -1)
        return self.network.score(heard, wanted)[head]


def open_judge(name: str | os.PathLike[str]) -> Judge:
    """The packaged classifier, by its name, or the discriminator of a training, by its folder.

    Raises:
        SpeechganError: neither of the two, or see `load_discriminator`.
    """
    if str(name) == CLASSIFIER:
        return ClassifierJudge(load_judge())
    remedy = (
        f"a training of system=gan, cgan, stackgan, vae_gan, cvae_gan or bigan, or {CLASSIFIER}"
    )
    config, network = load_discriminator(name, ImageDiscriminator, remedy)
    features: MelClip = build_part(Path(name), config, "features")
    labels = load_labels(Path(name) / "best") if network.told else None
    names = (labels.digits, labels.speakers) if labels else ((), ())
    return DiscriminatorJudge(network, features, names)
