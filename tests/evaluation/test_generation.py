"""Scores of generated digits beside those of real ones."""

from pathlib import Path

import numpy as np
import pytest

from speechgan.cli.main import main
from speechgan.data.digits.labels import Labels, find_utterances
from speechgan.data.digits.module import ImageSet, analyse_utterances
from speechgan.evaluation.generation import format_scores, number_labels, score_images
from speechgan.features.clip import MelClip
from speechgan.metrics.digits import DIGITS, SPEAKERS
from speechgan.utils.errors import SpeechganError


@pytest.fixture(scope="module")
def real(digits_folder: Path) -> tuple[ImageSet, ImageSet]:
    known = Labels(DIGITS, SPEAKERS)
    folders = (digits_folder / split for split in ("train", "test"))
    train, test = (analyse_utterances(find_utterances(f), MelClip(), known) for f in folders)
    return train, test


def test_real_digits_are_what_they_are_called(real: tuple[ImageSet, ImageSet]) -> None:
    train, test = real
    scores = score_images(test.images, test.labels, train, 30)
    assert scores.accuracy >= 0.9 and scores.speaker >= 0.9 and scores.combinations >= 0.9
    mistaken = score_images(test.images, (test.labels + np.array([1, 0])) % [10, 6], train, 30)
    assert mistaken.accuracy <= 0.1 and mistaken.speaker == scores.speaker
    assert mistaken.combinations <= 0.1 and mistaken.frechet == scores.frechet
    one = score_images(np.repeat(test.images[:1], 30, 0), test.labels[:1].repeat(30, 0), train, 30)
    assert one.variety == 0 and one.coverage < 0.2 < scores.coverage
    assert one.frechet > 3 * scores.frechet


def test_what_was_not_asked_for_is_not_scored(real: tuple[ImageSet, ImageSet]) -> None:
    train, test = real
    nobody = score_images(test.images, np.full((30, 2), -1), train, 30)
    assert np.isnan([nobody.accuracy, nobody.speaker, nobody.combinations]).all()
    assert nobody.variety > 0
    table = format_scores({"nobody": nobody})
    assert "| nobody |  |  |  |" in table


def test_labels_are_numbered_as_the_judge_does() -> None:
    labels = Labels(("7", "8"), ("theo", "lucas"))
    rows = [("8", "theo"), ("7", "lucas")]
    assert number_labels(labels, ("digit", "speaker"), rows).tolist() == [[8, 4], [7, 2]]
    assert number_labels(labels, ("speaker",), rows).tolist() == [[-1, 4], [-1, 2]]
    with pytest.raises(SpeechganError, match="digit yes: unknown to the judge"):
        number_labels(Labels(("yes",), ("theo",)), ("digit",), [("yes", "theo")])


def test_what_cannot_be_judged_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train").mkdir()
    command = ["evaluate", "generate", "--real", str(tmp_path)]
    for model, text in (("default", "not generate"), ("digits", "no WAV or FLAC files")):
        assert main([*command, "--model", model]) == 1
        message = capsys.readouterr().err
        assert text in message and message.count("\n") == 1
