"""Does a content code still tell who speaks?"""

from collections.abc import Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression

# Frames of each speaker are thinned out to so many on each side of the split.
MOST_FRAMES = 2000


def probe_speakers(codes: Sequence[Sequence[np.ndarray]]) -> float:
    """Accuracy with which a linear classifier tells the speaker of single frames of a code.

    It learns from every other recording of each speaker and is tried on the rest; speakers count
    alike, so that chance is one divided by their number.

    Args:
        codes: `(channel, frame)` of each recording of each speaker.

    Raises:
        ValueError: less than two speakers with two recordings each.
    """
    usable = [own for own in codes if len(own) > 1]
    if len(usable) < 2:
        raise ValueError("a probe needs two speakers with two recordings each")
    halves = [[_thin(np.concatenate(own[start::2], 1)) for own in usable] for start in (0, 1)]
    (learned, tried) = (np.concatenate(half, 1).T for half in halves)
    labels = [np.repeat(np.arange(len(half)), [x.shape[1] for x in half]) for half in halves]
    mean, deviation = learned.mean(0), learned.std(0) + 1e-8
    classifier = LogisticRegression(max_iter=300, class_weight="balanced")
    classifier.fit((learned - mean) / deviation, labels[0])
    right = classifier.predict((tried - mean) / deviation) == labels[1]
    return float(np.mean([right[labels[1] == n].mean() for n in range(len(usable))]))


def _thin(code: np.ndarray) -> np.ndarray:
    return code[:, :: -(-code.shape[1] // MOST_FRAMES)]
