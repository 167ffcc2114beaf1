"""What a judge of real digits says of generated ones, and of real ones that it never heard."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from speechgan.data.digits.labels import Labels
from speechgan.data.digits.module import ImageSet
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


@dataclass(frozen=True)
class GenerationScores:
    """Of some images; NaN where their labels were nobody's wish.

    Attributes:
        accuracy: share in which the judge hears the digit asked for.
        speaker: share in which it hears the speaker asked for.
        combinations: share of pairs of digit and speaker of which at least half is heard right.
        frechet: distance of the judge's features from those of the training images, of as many
            images as there are real ones to test on: it falls with their number.
        coverage: share of training images that have one of these in their neighbourhood.
        variety: mean distance of the judge's features inside a digit.
        detail: see `speechgan.metrics.digits.detail`.
    """

    accuracy: float
    speaker: float
    combinations: float
    frechet: float
    coverage: float
    variety: float
    detail: float


def score_images(
    images: np.ndarray, labels: np.ndarray, train: ImageSet, size: int
) -> GenerationScores:
    """Scores of generated images, or of real ones.

    Args:
        images: `(image, bin, frame)` in [-1, 1].
        labels: `(image, 2)` numbers of digit and speaker that were asked for, as the judge counts
            them; -1 where nothing was.
        train: real images, to compare with.
        size: images that the distance is taken of, the first ones.
    """
    verdict, known = Verdict(images), Verdict(train.images)
    right = np.stack([verdict.digits, verdict.speakers], 1) == labels
    asked = labels[0] >= 0
    both = [right[(labels == pair).all(1)].all(1).mean() for pair in np.unique(labels, axis=0)]
    digits = labels[:, 0] if asked[0] else verdict.digits
    nan = float("nan")
    return GenerationScores(
        float(right[:, 0].mean()) if asked[0] else nan,
        float(right[:, 1].mean()) if asked[1] else nan,
        float(np.mean(np.array(both) >= 0.5)) if asked.all() else nan,
        frechet_distance(verdict.features[:size], known.features),
        coverage(verdict.features, known.features),
        variety(verdict.features, digits),
        detail(images),
    )


def number_labels(
    labels: Labels, told: Sequence[str], rows: Sequence[tuple[str, str]]
) -> np.ndarray:
    """Names of digits and speakers `(digit, speaker)` as the judge's numbers `(item, 2)`.

    Args:
        labels: all that a model knows.
        told: kinds that it is told; of others the number is -1.
        rows: what was asked for.

    Raises:
        SpeechganError: a digit or speaker that the judge does not know.
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
    """A Markdown table, a line for each name."""
    names = list(asdict(next(iter(rows.values()))))
    lines = [f"| | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    for title, scores in rows.items():
        cells = [
            "" if np.isnan(x) else f"{x:.3f}" if x < 2 else f"{x:.1f}"
            for x in asdict(scores).values()
        ]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)
