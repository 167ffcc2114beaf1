"""Generated images, judged by a classifier of real ones during training."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from speechgan.data.digits.batches import LabelledBatch
from speechgan.data.digits.labels import Labels
from speechgan.data.digits.module import ImageSet
from speechgan.data.digits.sequences import cut_seconds
from speechgan.features.clip import sheet
from speechgan.metrics.digits import (
    DIGITS,
    SPEAKERS,
    Verdict,
    frechet_distance,
    frechet_joint_distance,
)
from speechgan.systems.generation.base import GenerationSystem, Wish
from speechgan.systems.generation.classifier import Classifier
from speechgan.training.logging import RunLog


class GenerationValidation:
    """How near generated images come to real ones, and whether they are what was asked for.

    `frechet` is the distance of the judge's features from those of the training images; of a
    generator that is told labels, `frechet_joint` is that of features and labels together, which
    also says whether images are what was asked for. The `score` is the negative of the latter where
    there is one. Of a generator that is told digits, `accuracy` is the share of images in which the
    judge hears the digit asked for; of one that is told speakers, `speaker` likewise, each only
    where the judge knows all of them; of one that rebuilds images, `rebuilt` is the mean absolute
    difference of held-out ones. Sequences are judged second by second. Of a classifier the figures
    are its own on held-out images; where nothing is held out, as there are few recordings of each
    digit by each speaker, the score is the step: the last one is kept.

    Args:
        labels: names of digits and speakers.
        train: real images, to compare with.
        valid: held-out ones, or sequences of them.
        count: images to generate, of every digit and speaker alike; one of each at least.
    """

    figures = ("score",)

    def __init__(self, labels: Labels, train: ImageSet, valid: ImageSet, count: int = 600) -> None:
        self.valid = valid
        self.train = train
        pairs = [(d, s) for d in range(len(labels.digits)) for s in range(len(labels.speakers))]
        rows = (pairs * -(-count // len(pairs)))[: max(count, len(pairs))]
        self.wanted = np.array(rows, np.int64)
        # What the judge calls the labels asked for; None where it does not know them all.
        self.digits = _translate(labels.digits, DIGITS, self.wanted[:, 0])
        self.speakers = _translate(labels.speakers, SPEAKERS, self.wanted[:, 1])

    def __call__(self, system: Any, log: RunLog | None, step: int) -> dict[str, float]:
        """The figures, by name."""
        device = next(system.parameters()).device
        if isinstance(system, Classifier):
            return self._test(system, device) if len(self.valid.images) else {"score": float(step)}
        images = self._generate(system, device)
        if not np.isfinite(images).all():
            return {"score": float("-inf")}
        verdict = Verdict(cut_seconds(images, images.shape[2] // self.train.images.shape[2]))
        distance = frechet_distance(verdict.features, self.real)
        figures = {"frechet": distance, "score": -distance}
        told = [bool(system.generator.digits), bool(system.generator.speakers)]
        if any(told):
            made = verdict.features, self.wanted[:, told]
            distance = frechet_joint_distance(made, (self.real, self.train.labels[:, told]))
            figures |= {"frechet_joint": distance, "score": -distance}
        if system.generator.digits and self.digits is not None:
            figures["accuracy"] = float((verdict.digits == self.digits).mean())
        if system.generator.speakers and self.speakers is not None:
            figures["speaker"] = float((verdict.speakers == self.speakers).mean())
        if hasattr(system.generator, "rebuild") and len(self.valid.images):
            figures["rebuilt"] = self._rebuild(system, device)
        if log:
            log.picture(step, "generated", sheet(images[:: max(1, len(images) // 60)]))
        return figures

    @cached_property
    def real(self) -> np.ndarray:
        """The judge's features of real images."""
        return Verdict(self.train.images).features

    def _generate(self, system: GenerationSystem, device: torch.device) -> np.ndarray:
        """The same codes every time."""
        generator = torch.Generator().manual_seed(0)
        codes = torch.randn(len(self.wanted), system.generator.code, generator=generator)
        parts = zip(codes.split(100), torch.from_numpy(self.wanted).split(100), strict=True)
        made = [system.infer(Wish(c.to(device), w.to(device))).float().cpu() for c, w in parts]
        images: np.ndarray = torch.cat(made)[:, 0].numpy()
        return images

    def _rebuild(self, system: Any, device: torch.device) -> float:
        batch = self._held_out().to(device)
        rebuilt = system.generator.rebuild(batch.image, batch.labels)
        return float((rebuilt - batch.image).abs().mean())

    def _test(self, system: Classifier, device: torch.device) -> dict[str, float]:
        """A judge's own share of right answers on held-out images, both labels together."""
        found = system.infer(self._held_out().to(device)).cpu().numpy()
        digit, speaker = (found == self.valid.labels).mean(0)
        return {"score": (digit + speaker) / 2, "accuracy": digit, "speaker": speaker}

    def _held_out(self) -> LabelledBatch:
        images, labels = map(torch.from_numpy, (self.valid.images, self.valid.labels))
        return LabelledBatch(images[:, None], labels, labels)


def _translate(own: Sequence[str], known: Sequence[str], numbers: np.ndarray) -> np.ndarray | None:
    """Numbers of our labels as the judge's; None where it does not know them all."""
    if set(own) - set(known):
        return None
    return np.array([known.index(name) for name in own])[numbers]
