"""Measures of a whole folder of conversions, of which one recording says nothing."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from speechgan.evaluation.measure import Scores, measure
from speechgan.evaluation.speakers import Heard
from speechgan.metrics.speaker import mean_embedding
from speechgan.metrics.verification import equal_error_rate, kernel_distance
from speechgan.utils.errors import UnmeasurableError


@dataclass(frozen=True)
class Corpus:
    """One side's recordings against natural ones of the target.

    Attributes:
        likeness: to the target's voice, of each recording, cosines.
        natural_likeness: of the target's own, each to the others.
        windows, natural_windows: embeddings `(window, 256)` of all recordings together.
    """

    likeness: np.ndarray
    natural_likeness: np.ndarray
    windows: np.ndarray
    natural_windows: np.ndarray


@measure("verifier's EER", better="higher", unit="%", digits=1)
def verifier_error(likeness: np.ndarray, natural_likeness: np.ndarray) -> float:
    """How often a verifier of the target is deceived; 50 if natural recordings are no more alike.

    As converted speech was assessed in the Voice Conversion Challenge 2020 (Das et al. 2020,
    arXiv:2009.03554): the equal error rate between natural recordings of the target, which a
    verifier is to accept, and those that are judged, which it is to reject.
    """
    return 100 * equal_error_rate(natural_likeness, likeness)


@measure("kernel distance", better="lower", digits=3)
def voice_distance(windows: np.ndarray, natural_windows: np.ndarray) -> float:
    """Of the voices in 1.6 s each to the target's: how alike, and whether as varied."""
    return kernel_distance(windows, natural_windows)


CORPUS_MEASURES = (verifier_error, voice_distance)
"""All, in the order of the tables."""


def measure_corpus(
    sides: Mapping[str, Sequence[Heard]], natural: Sequence[Heard]
) -> dict[str, Scores]:
    """Every measure that is defined, of each side.

    Args:
        sides: its recordings, none of which is one of the target's.
        natural: recordings of the target, two at least.
    """
    own = [heard.embedding for heard in natural]
    target = mean_embedding(own)
    others = [mean_embedding([*own[:n], *own[n + 1 :]]) for n in range(len(own))]
    natural_likeness = np.array([e @ other for e, other in zip(own, others, strict=True)])
    natural_windows = np.concatenate([heard.windows for heard in natural])
    scores: dict[str, Scores] = {}
    for side, recordings in sides.items():
        corpus = Corpus(
            np.array([heard.embedding @ target for heard in recordings]),
            natural_likeness,
            np.concatenate([heard.windows for heard in recordings]),
            natural_windows,
        )
        scores[side] = {}
        for one in CORPUS_MEASURES:
            with suppress(UnmeasurableError):
                scores[side][one.key] = one.score(corpus)
    return scores
