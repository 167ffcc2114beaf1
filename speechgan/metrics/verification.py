"""Speaker verification by embeddings: do recordings pass for those of a speaker?"""

import numpy as np

from speechgan.metrics.speaker import mean_embedding
from speechgan.utils.errors import UnmeasurableError

FEWEST = 3
"""Fewest recordings, or windows, on each side that are measured."""


def score_trials(enrolled: np.ndarray, claims: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cosine scores of genuine trials, and of claims to be the speaker.

    An enrolment is the mean of all the speaker's recordings but one. That one is its genuine trial;
    every claim is tried against every enrolment, so that both kinds of trials are scored against
    equally many recordings of the speaker.

    Args:
        enrolled: embeddings of the speaker's recordings, `(recording, size)`, of length 1 each.
        claims: embeddings of recordings that claim to be the speaker's, likewise.

    Returns:
        `(recording,)` and `(claim * recording,)`.

    Raises:
        UnmeasurableError: too few of either.
    """
    _require(enrolled, claims)
    enrolments = np.stack(
        [mean_embedding([*enrolled[:own], *enrolled[own + 1 :]]) for own in range(len(enrolled))]
    )
    return (enrolled * enrolments).sum(1), (claims @ enrolments.T).ravel()


def equal_error_rate(genuine: np.ndarray, others: np.ndarray) -> float:
    """The error rate at which false rejections are as frequent as false acceptances.

    Between two thresholds both error rates are interpolated linearly, as with few trials no
    threshold makes them equal.

    Args:
        genuine: `(trial,)` scores of trials to be accepted; one or more.
        others: `(trial,)` scores of trials to be rejected, likewise.

    Returns:
        0 if all others score lower, 0.5 for equal distributions, more if the others score higher.
    """
    # At the last threshold, above all scores, nothing is accepted.
    thresholds = np.append(np.unique(np.concatenate([genuine, others])), np.inf)
    refused = np.searchsorted(np.sort(genuine), thresholds) / len(genuine)
    accepted = 1 - np.searchsorted(np.sort(others), thresholds) / len(others)
    return float(np.interp(0, refused - accepted, refused))


def kernel_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets of embeddings, by a cubic kernel.

    Like the Kernel Inception Distance of images (Binkowski et al. 2018, arXiv:1801.01401), which
    Binkowski et al. (2020, arXiv:1909.11646) applied to speech, beside Frechet's distance. The
    latter needs covariances in 256 dimensions, which a few dozen windows do not determine, and is
    biased upwards, the more so the fewer there are; this one is unbiased. Deliberate difference:
    the kernel is `(x y + 1)^3` of vectors of length 1, whose product is not divided by their size.

    Args:
        one, other: `(window, size)`, rows of length 1.

    Returns:
        About 0 for the same distribution, possibly negative by chance; at most 8.

    Raises:
        UnmeasurableError: too few of either.
    """
    _require(one, other)

    def within(x: np.ndarray) -> float:
        kernel = (x @ x.T + 1) ** 3
        return float((kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1)))

    return within(one) + within(other) - 2 * float(((one @ other.T + 1) ** 3).mean())


def _require(one: np.ndarray, other: np.ndarray) -> None:
    if min(len(one), len(other)) < FEWEST:
        raise UnmeasurableError(f"too few recordings, of which {FEWEST} are needed on each side")
