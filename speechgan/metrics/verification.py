"""Whether recordings pass for somebody's, by their speaker embeddings."""

import numpy as np

from speechgan.utils.errors import UnmeasurableError

FEWEST = 3
"""Recordings, or windows, on each side, below which nothing is said."""


def equal_error_rate(genuine: np.ndarray, others: np.ndarray) -> float:
    """Share of errors where a verifier refuses as many genuine trials as it accepts others.

    Args:
        genuine: `(trial,)` scores of what it is to accept.
        others: `(trial,)` scores of what it is to refuse.

    Returns:
        0 if all others score lower, 0.5 if they cannot be told apart, more if they score higher.

    Raises:
        UnmeasurableError: too few of either.
    """
    _require(genuine, others)
    thresholds = np.unique(np.concatenate([genuine, others, [np.inf]]))
    refused = (genuine < thresholds[:, None]).mean(1)
    accepted = (others >= thresholds[:, None]).mean(1)
    nearest = np.abs(refused - accepted).argmin()
    return float(refused[nearest] + accepted[nearest]) / 2


def kernel_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets of embeddings, by a cubic kernel.

    As the Kernel Inception Distance of images (Binkowski et al. 2018, arXiv:1801.01401), which
    Binkowski et al. (2020, arXiv:1909.11646) carried over to speech beside Frechet's. That one
    needs covariances of 256 dimensions, which some dozens of windows do not tell, and is too large
    by the more the fewer there are; this one is unbiased. Deliberate difference: the kernel is
    `(x y + 1)^3` of vectors of length 1, whose product is not divided by their size.

    Args:
        one, other: `(window, size)`, rows of length 1.

    Returns:
        0 for the same distribution, below it by chance only; at most 8.

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
