"""Evaluation of generated digits, and of real test ones, by a classifier of real digits."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from speechgan.data.digits.labels import Labels, find_utterances
from speechgan.data.digits.module import ImageSet, analyse_utterances
from speechgan.data.digits.sequences import cut_seconds
from speechgan.metrics.digits import (
    DIGITS,
    SPEAKERS,
    Verdict,
    coverage,
    detail,
    frechet_distance,
    variety,
)
from speechgan.utils.errors import SpeechganError
from speechgan.utils.places import File

NAN = float("nan")


@dataclass(frozen=True)
class GenerationScores:
    """Scores of some images; NaN where there were no labels, or no reconstruction.

    For a model of sequences an image is one second of them.

    Attributes:
        accuracy: share whose digit is classified as requested.
        speaker: share whose speaker is classified as requested.
        both: share of which both are.
        combinations: share of pairs of digit and speaker of which both are right in at least half.
        frechet: distance of the classifier's features from those of the training images. It
            decreases with the number of images, so it is of as many as there are real test images.
        coverage: share of training images with one of these in their neighbourhood. It increases
            with the number of images, so it is of as many, too.
        variety: mean distance of the classifier's features within a digit by one speaker, as
            requested, or as classified where nothing was requested.
        detail: see `speechgan.metrics.digits.detail`.
        rebuilt: mean absolute difference of test images from their reconstructions.
        middle: share of images decoded halfway between the codes of two of the same digit that are
            classified as that digit; not for sequences.
        rebuilt_digit: share of the seconds of reconstructed test sequences whose digit is
            classified right.
        rebuilt_first, rebuilt_last: the same for the first and for the last second alone.
        rebuilt_speaker: share of all seconds whose speaker is classified right.
    """

    accuracy: float
    speaker: float
    both: float
    combinations: float
    frechet: float
    coverage: float
    variety: float
    detail: float
    rebuilt: float = NAN
    middle: float = NAN
    rebuilt_digit: float = NAN
    rebuilt_first: float = NAN
    rebuilt_last: float = NAN
    rebuilt_speaker: float = NAN


def score_images(
    images: np.ndarray, labels: np.ndarray, train: ImageSet, size: int
) -> GenerationScores:
    """Scores of generated images, or of real ones.

    Args:
        images: `(image, bin, frame)` in [-1, 1].
        labels: `(image, 2)` requested digit and speaker, by the classifier's numbers; -1 where
            nothing was requested.
        train: real images, to compare with.
        size: number of images for distance and coverage, evenly spread.
    """
    verdict, known = Verdict(images), Verdict(train.images)
    some = np.linspace(0, len(images) - 1, size).astype(int)
    heard = np.stack([verdict.digits, verdict.speakers], 1)
    right = heard == labels
    asked = labels[0] >= 0
    both = [right[(labels == pair).all(1)].all(1).mean() for pair in np.unique(labels, axis=0)]
    pairs = np.where(labels < 0, heard, labels) @ [len(SPEAKERS), 1]
    return GenerationScores(
        float(right[:, 0].mean()) if asked[0] else NAN,
        float(right[:, 1].mean()) if asked[1] else NAN,
        float(right.all(1).mean()) if asked.all() else NAN,
        float(np.mean(np.array(both) >= 0.5)) if asked.all() else NAN,
        frechet_distance(verdict.features[some], known.features) if size > 1 else NAN,
        coverage(verdict.features[some], known.features),
        variety(verdict.features, pairs),
        detail(images),
    )


class ImageModel(Protocol):
    """The interface of `speechgan.inference.generation.generator.Generator` that is used here.

    Attributes:
        labels: names of its digits and speakers.
        network: an `ImageNetwork`.
    """

    labels: Labels
    network: Any

    def make_images(
        self, count: int, digit: str | int | None, speaker: str | None, seed: int
    ) -> tuple[np.ndarray, list[tuple[str, str]]]:
        """Images or sequences `(count, bin, frame)` in [-1, 1], and digit and speaker of each."""
        ...


def score_model(
    generator: ImageModel,
    folder: File,
    count: int,
    digit: str | None = None,
    speaker: str | None = None,
    seed: int = 0,
) -> tuple[GenerationScores, GenerationScores]:
    """Scores of real test recordings, and of a model's output.

    Args:
        generator: the model.
        folder: train/ and test/, files named `DIGIT_SPEAKER_TAKE`; on this machine or in a store.
        count: number of images to generate.
        digit, speaker: the only ones to generate and to compare with; None for all.
        seed: of all noise.

    Raises:
        SpeechganError: recordings that cannot be read, or a digit or speaker that the classifier or
            the model does not know.
    """
    network, judged = generator.network, Labels(DIGITS, SPEAKERS)
    train, test = (
        analyse_utterances(
            [
                utterance
                for utterance in find_utterances(folder / split)
                if digit in (None, utterance.digit) and speaker in (None, utterance.speaker)
            ],
            network.features,
            judged,
        )
        for split in ("train", "test")
    )
    images, rows = generator.make_images(count, digit, speaker, seed)
    if not len(train.images) or not len(test.images):
        raise SpeechganError(f"{folder}: lacks train or test recordings of what is asked for")
    size = min(len(test.images), count)
    asked = number_labels(generator.labels, network.told, rows)
    length = images.shape[2] // train.images.shape[2]
    seconds = cut_seconds(images, length)[:count]
    made = score_images(seconds, asked, train, size)
    if network.rebuilds:
        made = replace(made, **score_codes(network, generator.labels, test, length))
    return score_images(test.images, test.labels, train, size), made


def score_codes(network: Any, labels: Labels, real: ImageSet, length: int = 1) -> dict[str, float]:
    """The scores of reconstruction in `GenerationScores`.

    Args:
        network: encodes images with `encode`, and decodes codes with `make`.
        labels: names of the network's digits and speakers.
        real: images to reconstruct, with the classifier's numbers as labels; those with labels that
            the network does not know are left out.
        length: of the network's sequences; 1 for single images.
    """
    names = [(DIGITS[d], SPEAKERS[s]) for d, s in real.labels]
    known = [i for i, (d, s) in enumerate(names) if d in labels.digits and s in labels.speakers]
    if not known:
        return {}
    if length > 1:
        return score_sequences(network, ImageSet(real.images[known], real.labels[known]), length)
    own = [
        (labels.digits.index(d), labels.speakers.index(s)) for d, s in map(names.__getitem__, known)
    ]
    told, images, digits = np.array(own, np.int64), real.images[known], real.labels[known, 0]
    codes = network.encode(images, told)
    ones, others = pair_up(digits)
    middles = network.make((codes[ones] + codes[others]) / 2, told[ones])
    return {
        "rebuilt": float(np.abs(network.make(codes, told) - images).mean()),
        "middle": float((Verdict(middles).digits == digits[ones]).mean()),
    }


def score_sequences(network: Any, real: ImageSet, length: int) -> dict[str, float]:
    """The same for sequences, one beginning with each of the images.

    Args:
        network: as of `score_codes`, not conditioned on labels.
        real: images that sequences are made of.
        length: of a sequence.
    """
    said = real.in_sequence(length)
    rebuilt = network.make(network.encode(said.images, said.labels), said.labels)
    verdict = Verdict(cut_seconds(rebuilt, length))
    heard = np.stack([verdict.digits, verdict.speakers], 1).reshape(said.labels.shape)
    digits, speakers = np.moveaxis(heard == said.labels, 2, 0)
    return {
        "rebuilt": float(np.abs(rebuilt - said.images).mean()),
        "rebuilt_digit": float(digits.mean()),
        "rebuilt_first": float(digits[:, 0].mean()),
        "rebuilt_last": float(digits[:, -1].mean()),
        "rebuilt_speaker": float(speakers.mean()),
    }


def pair_up(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs items of equal label, from `(item,)`: the numbers of all items, and for each that of
    another of its label, half of the label's items away."""
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return order, np.concatenate([np.roll(group, -(len(group) // 2)) for group in groups])


def number_labels(
    labels: Labels, told: Sequence[str], rows: Sequence[tuple[str, str]]
) -> np.ndarray:
    """Names `(digit, speaker)` as the classifier's numbers `(item, 2)`.

    Args:
        labels: names of the model's digits and speakers.
        told: kinds that the model is conditioned on; the numbers of others are -1.
        rows: requested digits and speakers.

    Raises:
        SpeechganError: a digit or speaker that the classifier does not know.
    """
    columns = []
    kinds = (("digit", labels.digits, DIGITS), ("speaker", labels.speakers, SPEAKERS))
    for place, (kind, own, known) in enumerate(kinds):
        if kind not in told:
            columns.append([-1] * len(rows))
            continue
        if strange := sorted(set(own) - set(known)):
            raise SpeechganError(
                f"{kind} {strange[0]}: unknown to the judge, which knows {', '.join(known)}"
            )
        columns.append([known.index(row[place]) for row in rows])
    return np.array(columns, np.int64).T


def format_scores(rows: dict[str, GenerationScores]) -> str:
    """A Markdown table, a line for each name, without columns that have no values."""
    found = {title: asdict(scores) for title, scores in rows.items()}
    first = next(iter(found.values()))
    names = [name for name in first if not all(np.isnan(own[name]) for own in found.values())]
    lines = [f"| | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    for title, own in found.items():
        values = [own[name] for name in names]
        cells = ["" if np.isnan(x) else f"{x:.3f}" if x < 2 else f"{x:.1f}" for x in values]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)
