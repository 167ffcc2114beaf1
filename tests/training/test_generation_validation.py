"""Generated digits, judged while a system trains."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from speechgan.data.digits.module import DigitData, OpenDigits
from speechgan.features.clip import MelClip
from speechgan.metrics.digits import DigitClassifier
from speechgan.systems.generation.base import GenerationSystem, Wish
from speechgan.systems.generation.classifier import Classifier
from speechgan.training.logging import RunLog
from speechgan.training.validation.generation import GenerationValidation


class Copyist(nn.Module):
    """Gives real images of the label that it is asked for, or of the next one."""

    code, digits, speakers = 4, 10, 3

    def __init__(self, opened: OpenDigits, off: int) -> None:
        super().__init__()
        self.opened, self.off = opened, off
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        known = self.opened.train.labels
        wanted = np.stack([(labels[:, 0].numpy() + self.off) % 10, labels[:, 1].numpy()], 1)
        chosen = [np.flatnonzero((known == row).all(1)) for row in wanted]
        drawn = [own[int(c[0].abs() * 100) % len(own)] for own, c in zip(chosen, code, strict=True)]
        return torch.from_numpy(self.opened.train.images[drawn])[:, None]


@pytest.fixture(scope="module")
def opened(digits_folder: Path) -> OpenDigits:
    return DigitData(digits_folder, valid_every=3).open(MelClip())


def judge(opened: OpenDigits, off: int, folder: Path) -> dict[str, float]:
    system = GenerationSystem(Copyist(opened, off))
    assert system.infer(Wish(torch.zeros(2, 4), torch.zeros(2, 2).long())).shape == (2, 1, 80, 64)
    log = RunLog(folder, 0, 1)
    try:
        return GenerationValidation(opened.labels, opened.train, opened.valid, 120)(system, log, 1)
    finally:
        log.close()


def test_digits_that_were_not_asked_for_are_told(opened: OpenDigits, tmp_path: Path) -> None:
    """All digits together are as real as before; together with labels they are not."""
    right, wrong = (judge(opened, off, tmp_path / str(off)) for off in (0, 1))
    assert right["accuracy"] > 0.95 and right["speaker"] > 0.95
    assert wrong["accuracy"] < 0.05 and wrong["speaker"] > 0.95
    assert wrong["frechet"] == pytest.approx(right["frechet"], abs=30)
    assert wrong["frechet_joint"] > 10 * right["frechet_joint"]
    assert right["score"] == -right["frechet_joint"] > wrong["score"]


def test_every_digit_of_every_speaker_is_asked_for_however_many_there_are(
    opened: OpenDigits,
) -> None:
    validation = GenerationValidation(opened.labels, opened.train, opened.valid, count=7)
    assert len(np.unique(validation.wanted, axis=0)) == 30


def test_the_last_classifier_is_kept_where_nothing_is_held_out(digits_folder: Path) -> None:
    opened = DigitData(digits_folder, valid_every=1000).open(MelClip())
    validation = GenerationValidation(opened.labels, opened.train, opened.valid)
    system = Classifier(DigitClassifier(digits=10, speakers=3))
    assert [validation(system, None, step) for step in (5, 6)] == [{"score": 5.0}, {"score": 6.0}]
