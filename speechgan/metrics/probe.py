"""A linear probe of how much a content code tells of the speaker."""

from collections.abc import Sequence

import numpy as np

SEGMENT_FRAMES = 50


def probe_speakers(codes: Sequence[Sequence[np.ndarray]]) -> float:
    """Accuracy of a linear classifier of the speaker of a code's segments.

    The features of a segment of `SEGMENT_FRAMES` frames are each channel's mean, log deviation and
    log mean absolute difference between frames; they depend on the speaker even if the code is
    normalised over a recording. The classifier is trained on every other recording of each speaker
    and tested on the rest; speakers have equal weight, so that chance is one divided by their
    number.

    Args:
        codes: `(channel, frame)` of each recording of each speaker.

    Raises:
        ValueError: less than two speakers with two recordings of a segment's length each.
    """
    # A late import, as it takes a second and is seldom needed.
    from sklearn.linear_model import LogisticRegression

    described = [[d for code in own if len(d := describe_segments(code))] for own in codes]
    usable = [own for own in described if len(own) > 1]
    if len(usable) < 2:
        raise ValueError("a probe needs two speakers with two recordings each")
    learned, tried = ([np.concatenate(own[start::2]) for own in usable] for start in (0, 1))
    known, guessed = (np.repeat(np.arange(len(x)), [*map(len, x)]) for x in (learned, tried))
    together = np.concatenate(learned)
    mean, deviation = together.mean(0), together.std(0) + 1e-8
    classifier = LogisticRegression(max_iter=1000, class_weight="balanced")
    classifier.fit((together - mean) / deviation, known)
    right = classifier.predict((np.concatenate(tried) - mean) / deviation) == guessed
    return float(np.mean([right[guessed == number].mean() for number in range(len(usable))]))


def describe_segments(code: np.ndarray) -> np.ndarray:
    """`(channel, frame)` to `(segment, 3 * channel)`; an incomplete last segment is dropped."""
    segments = code.shape[1] // SEGMENT_FRAMES
    cut = code[:, : segments * SEGMENT_FRAMES].reshape(len(code), segments, SEGMENT_FRAMES)
    steps = np.abs(np.diff(cut, axis=2)).mean(2)
    parts = [cut.mean(2), np.log(cut.std(2) + 1e-5), np.log(steps + 1e-5)]
    return np.concatenate(parts).T
