"""Measures of a whole folder of conversions, which are not defined for one recording."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from speechgan.evaluation.measure import Scores, measure
from speechgan.evaluation.speakers import Heard
from speechgan.metrics.verification import equal_error_rate, kernel_distance, score_trials
from speechgan.utils.errors import UnmeasurableError


@dataclass(frozen=True)
class Corpus:
    """One side's recordings against natural ones of the target.

    Attributes:
        embeddings, natural_embeddings: of each recording, `(recording, 256)`.
        windows, natural_windows: embeddings `(window, 256)` of all recordings together.
    """

    embeddings: np.ndarray
    natural_embeddings: np.ndarray
    windows: np.ndarray
    natural_windows: np.ndarray


@measure("verifier's EER", better="higher", unit="%", digits=1)
def verifier_error(embeddings: np.ndarray, natural_embeddings: np.ndarray) -> float:
    """How often a verifier of the target is deceived; 50 if it cannot tell this from the target.

    As in the Voice Conversion Challenge 2020 (Das et al. 2020, arXiv:2009.03554): the equal error
    rate between natural recordings of the target, which a verifier should accept, and the evaluated
    ones, which it should reject. The verifier is the cosine of GE2E embeddings. Above 50, the
    latter are nearer to the target's mean than the target's own are, which indicates a loss of
    variety.
    """
    return 100 * equal_error_rate(*score_trials(natural_embeddings, embeddings))


@measure("kernel distance", better="lower", digits=3)
def voice_distance(windows: np.ndarray, natural_windows: np.ndarray) -> float:
    """Of the voices in 1.6 s each to the target's: how alike, and whether as varied."""
    return kernel_distance(windows, natural_windows)


CORPUS_MEASURES = (verifier_error, voice_distance)
"""All, in the order of the tables."""


def measure_corpus(
    sides: Mapping[str, Sequence[Heard]], natural: Sequence[Heard]
) -> dict[str, Scores]:
    """Every measure that is defined, for each side.

    Args:
        sides: the sides' recordings, none of which is the target's.
        natural: recordings of the target, at least one.
    """
    scores: dict[str, Scores] = {}
    for side, recordings in sides.items():
        corpus = Corpus(
            np.stack([heard.embedding for heard in recordings]),
            np.stack([heard.embedding for heard in natural]),
            np.concatenate([heard.windows for heard in recordings]),
            np.concatenate([heard.windows for heard in natural]),
        )
        scores[side] = {}
        for one in CORPUS_MEASURES:
            with suppress(UnmeasurableError):
                scores[side][one.key] = one.score(corpus)
    return scores
