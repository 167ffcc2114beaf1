"""Scores of many recordings, with means and their confidence intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import stdtrit

from speechgan.evaluation.measure import Measure, Scores
from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.task import Task

DIFFERENCE = "difference"
"""The name of the computed side, judged minus baseline."""


@dataclass(frozen=True)
class Row:
    """Scores of one recording.

    Attributes:
        recording: its files.
        scores: by side and key of the measure; undefined ones are missing.
        seconds: measured duration, if it is the same for all sides.
    """

    recording: Recording
    scores: Mapping[str, Scores]
    seconds: float | None = None


@dataclass(frozen=True)
class Refusal:
    """A recording that could not be measured, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Mean:
    """A mean over recordings, and half the width of its 95 % confidence interval.

    The interval is Student's: NaN for one recording.
    """

    value: float
    half_width: float


@dataclass(frozen=True)
class Evaluation:
    """The results of an evaluation.

    Attributes:
        task: of the evaluation.
        known: all requested measures, in the order of the tables.
        rows: one for each recording that was measured, sorted by name.
        refused: recordings that were not. They are left out of every mean.
        whole: measures of all recordings together, by side and key.
    """

    task: Task
    known: tuple[Measure, ...]
    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...] = ()
    whole: Mapping[str, Scores] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that the judged side has."""
        return tuple(m for m in self.known if self.mean(self.task.judged, m.key))

    @property
    def measures_of_recordings(self) -> tuple[Measure, ...]:
        """The measures that single recordings of the judged side have."""
        return tuple(m for m in self.known if self.values(self.task.judged, m.key))

    @property
    def measured_sides(self) -> tuple[str, ...]:
        """The sides that have scores."""
        return tuple(s for s in self.task.sides if any(row.scores.get(s) for row in self.rows))

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that have means, including `difference`."""
        measured = self.measured_sides
        return (*measured, DIFFERENCE) if self.task.baseline in measured else measured

    def values(self, side: str, key: str) -> list[float]:
        """The values of one measure, of every row that has it."""
        values = (self.value(row, side, key) for row in self.rows)
        return [value for value in values if value is not None]

    def value(self, row: Row, side: str, key: str) -> float | None:
        """The value of one measure of a row; `difference` is judged minus baseline."""
        if side != DIFFERENCE:
            return row.scores.get(side, {}).get(key)
        before = row.scores.get(self.task.baseline or "", {}).get(key)
        after = row.scores.get(self.task.judged, {}).get(key)
        return None if before is None or after is None else after - before

    def mean(self, side: str, key: str) -> Mean | None:
        """The mean of one measure over the rows that have it, None if none has.

        For `difference`, the interval is that of the paired differences. Measures of all recordings
        together have no interval.
        """
        if (value := self.whole.get(side, {}).get(key)) is not None:
            return Mean(value, math.nan)
        values = self.values(side, key)
        return mean_of(values) if values else None


def mean_of(values: Sequence[float]) -> Mean:
    """Mean of at least one value, with its confidence interval."""
    numbers = np.array(values)
    count = len(numbers)
    if count < 2:
        return Mean(float(numbers.mean()), math.nan)
    error = numbers.std(ddof=1) / math.sqrt(count)
    return Mean(float(numbers.mean()), float(stdtrit(count - 1, 0.975) * error))
