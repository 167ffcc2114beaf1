"""Means of measures over held-out recordings."""

import math
from collections.abc import Callable, Mapping

import numpy as np

from speechgan.training import processes
from speechgan.utils.errors import UnmeasurableError

Measure = Callable[[np.ndarray, np.ndarray, int], float]
"""Of a clean and a generated wave `(sample,)` and their sample rate."""


class Means:
    """Means of some measures, over all the recordings that they can measure.

    Each process of a training adds its share, and all take the same means.

    Args:
        measures: by name.
        sample_rate: of all waves, in hertz.
    """

    def __init__(self, measures: Mapping[str, Measure], sample_rate: int) -> None:
        self.measures, self.sample_rate = measures, sample_rate
        self.scores: dict[str, list[float]] = {name: [] for name in measures}

    def add(self, clean: np.ndarray, made: np.ndarray) -> None:
        """Measures one recording."""
        for name, measure in self.measures.items():
            try:
                self.scores[name].append(measure(clean, made, self.sample_rate))
            except UnmeasurableError:  # silence, or an output that is not finite yet
                continue

    def take(self) -> dict[str, float]:
        """The means; NaN where nothing could be measured."""
        shares = processes.gather(self.scores)
        scores = {name: [x for share in shares for x in share[name]] for name in self.scores}
        return {name: float(np.mean(s)) if s else math.nan for name, s in scores.items()}
