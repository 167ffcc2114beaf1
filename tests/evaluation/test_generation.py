"""Scores of generated digits beside those of real ones."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from speechgan.cli.main import main
from speechgan.data.digits.labels import Labels, find_utterances
from speechgan.data.digits.module import ImageSet, analyse_utterances
from speechgan.data.digits.sequences import cut_seconds, join_seconds
from speechgan.evaluation.generation import (
    format_scores,
    number_labels,
    pair_up,
    score_codes,
    score_images,
    score_model,
    score_sequences,
)
from speechgan.features.clip import MelClip
from speechgan.inference.generation.generator import Generator
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
    assert mistaken.both <= mistaken.accuracy and scores.both >= 0.8
    assert mistaken.combinations <= 0.1 and mistaken.frechet == scores.frechet
    one = score_images(np.repeat(test.images[:1], 30, 0), test.labels[:1].repeat(30, 0), train, 30)
    assert one.variety == 0 and one.coverage < 0.2 < scores.coverage
    assert one.frechet > 3 * scores.frechet
    # Distance and coverage are taken of images from all over, and not of the first ones.
    behind = np.concatenate([np.repeat(test.images[:1], 30, 0), test.images])
    twice = np.concatenate([test.labels, test.labels])
    mixed = score_images(behind, twice, train, 30)
    assert mixed.frechet < 0.7 * one.frechet
    assert one.coverage < mixed.coverage < scores.coverage


def test_one_word_by_each_speaker_for_each_digit_has_no_variety(
    real: tuple[ImageSet, ImageSet],
) -> None:
    train, _ = real
    pairs = train.labels @ [10, 1]
    _, first = np.unique(pairs, return_index=True)
    alike = np.concatenate([first, first])
    scores = score_images(train.images[alike], train.labels[alike], train, 30)
    assert len(np.unique(train.labels[alike, 1])) > 1 and scores.variety == 0
    assert score_images(train.images, train.labels, train, 30).variety > 1


def test_what_was_not_asked_for_is_not_scored(real: tuple[ImageSet, ImageSet]) -> None:
    train, test = real
    nobody = score_images(test.images, np.full((30, 2), -1), train, 30)
    assert np.isnan([nobody.accuracy, nobody.speaker, nobody.combinations]).all()
    unasked = np.full((len(train.images), 2), -1)
    assert score_images(train.images, unasked, train, 30).variety > 0
    assert format_scores({"nobody": nobody}).startswith("| | frechet |")
    asked = score_images(test.images, test.labels, train, 30)
    table = format_scores({"asked": asked, "nobody": nobody})
    assert table.startswith("| | accuracy |") and "| nobody |  |  |  |  |" in table


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


def test_what_was_not_measured_is_null_as_every_reader_of_json_knows_it(
    tmp_path: Path, digits_folder: Path
) -> None:
    path = tmp_path / "scores.json"
    command = ["evaluate", "generate", "--real", str(digits_folder), "--count", "1"]
    assert main([*command, "--json", str(path)]) == 0

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    real, made = json.loads(path.read_text(), parse_constant=refuse).values()
    assert made["rebuilt"] is None and real["accuracy"] > 0.8


class Memory:
    """Knows images by the means of their bands and frames, and makes the nearest it has seen."""

    rebuilds, told = True, ()
    features = MelClip()

    def __init__(self, seen: np.ndarray) -> None:
        self.seen, self.asked = seen, []

    def encode(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.concatenate([images.mean(1), images.mean(2)], 1)

    def make(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        self.asked.append(codes)
        distance = np.linalg.norm(codes[:, None] - self.encode(self.seen, labels), axis=2)
        return self.seen[distance.argmin(1)]


def test_codes_are_scored_by_what_they_rebuild_and_by_the_middle(
    real: tuple[ImageSet, ImageSet],
) -> None:
    _, test = real
    labels = Labels(DIGITS, SPEAKERS)
    memory = Memory(test.images)
    scores = score_codes(memory, labels, test)
    assert scores["rebuilt"] == 0 and 0.2 < scores["middle"] <= 1
    ones, others = pair_up(test.labels[:, 0])
    codes = memory.encode(test.images, test.labels)
    middles = (codes[ones] + codes[others]) / 2
    assert any(np.allclose(asked, middles) for asked in memory.asked)
    seven = test.images[test.labels[:, 0] == 7]
    scores = score_codes(Memory(seven), labels, test)
    assert scores["rebuilt"] > 0.1 and scores["middle"] == pytest.approx(0.1, abs=0.04)
    assert score_codes(Memory(seven), Labels(("12",), ("theo",)), test) == {}


def test_one_combination_is_compared_with_its_like(digits_folder: Path, tmp_path: Path) -> None:
    generator = Generator.from_pretrained("digits", engine="onnx")
    real, made = score_model(generator, digits_folder, 20, "7", "theo")
    assert made.accuracy >= 0.9 and made.speaker >= 0.9 and real.accuracy >= 0.9
    with pytest.raises(SpeechganError, match="digit 12: unknown"):
        score_model(generator, digits_folder, 20, "12")
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        shutil.copy(next((digits_folder / split).glob("8_*")), tmp_path / split)
    with pytest.raises(SpeechganError, match="lacks train or test recordings"):
        score_model(generator, tmp_path, 20, "7")


def test_pairs_have_one_label_and_two_items() -> None:
    ones, others = pair_up(np.array([3, 5, 3, 3, 5, 3]))
    assert sorted(ones) == [0, 1, 2, 3, 4, 5]
    assert sorted(zip(ones.tolist(), others.tolist(), strict=True)) == [
        (0, 3),
        (1, 4),
        (2, 5),
        (3, 0),
        (4, 1),
        (5, 2),
    ]


class Teller:
    """Says sequences of images that it knows, and of what it hears forgets all but some places."""

    rebuilds, told = True, ()
    features = MelClip()
    labels = Labels(DIGITS, SPEAKERS)

    def __init__(self, known: np.ndarray, length: int, kept: tuple[int, ...]) -> None:
        self.known, self.length, self.kept = known, length, kept
        self.network = self

    def make_images(self, count: int, *asked: object) -> tuple[np.ndarray, list[tuple[str, str]]]:
        said = np.arange(count * self.length) % len(self.known)
        return join_seconds(self.known[said], self.length), [("", "")] * count

    def encode(self, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return images

    def make(self, codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
        seconds = cut_seconds(codes, self.length)
        forgotten = ~np.isin(np.arange(len(seconds)) % self.length, self.kept)
        return join_seconds(np.where(forgotten[:, None, None], self.known[0], seconds), self.length)


@pytest.mark.parametrize(
    ("kept", "right"), [((0, 1, 2), (1, 1, 1)), ((0,), (1, 0.1, 0.4)), ((2,), (0.1, 1, 0.4))]
)
def test_what_is_rebuilt_of_a_sequence_is_heard_place_by_place(
    kept: tuple[int, ...], right: tuple[float, ...], real: tuple[ImageSet, ImageSet]
) -> None:
    _, test = real
    scores = score_sequences(Teller(test.images, 3, kept), test, 3)
    found = [scores[f"rebuilt_{name}"] for name in ("first", "last", "digit")]
    assert found == pytest.approx(right, abs=0.12)
    assert (scores["rebuilt"] == 0) is (len(kept) == 3)
    # Three speakers in equal parts, of whom what is forgotten has one.
    assert scores["rebuilt_speaker"] == pytest.approx(
        (len(kept) + (3 - len(kept)) / 3) / 3, abs=0.1
    )


def test_sequences_are_compared_second_by_second_with_real_ones(digits_folder: Path) -> None:
    known = analyse_utterances(
        find_utterances(digits_folder / "test"), MelClip(), Labels(DIGITS, SPEAKERS)
    )
    real, made = score_model(Teller(known.images, 3, (0, 1, 2)), digits_folder, len(known.images))
    assert made.frechet == pytest.approx(real.frechet) and made.coverage == real.coverage
    assert made.detail == pytest.approx(real.detail)
    assert made.rebuilt_digit >= 0.9 and np.isnan(made.middle) and np.isnan(real.rebuilt_digit)
    table = format_scores({"real": real, "made": made})
    assert "| rebuilt | rebuilt_digit | rebuilt_first | rebuilt_last | rebuilt_speaker |" in table
