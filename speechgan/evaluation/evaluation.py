"""Scores of a folder of enhanced speech, with means and their confidence intervals."""

import math
import os
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.special import stdtrit
from tqdm import tqdm

from speechgan import audio
from speechgan.evaluation.pairing import Recording, pair_recordings
from speechgan.evaluation.scores import MEASURES, SAMPLE_RATE, Measure, Scores, score
from speechgan.metrics.framing import Wave
from speechgan.utils.errors import SpeechganError, UnmeasurableError
from speechgan.utils.workers import start_workers

Side = Literal["noisy", "enhanced", "difference"]

# Encoders and resamplers add or drop a little at the ends.
_LENGTH_TOLERANCE = 0.050


@dataclass(frozen=True)
class Row:
    """Scores of one recording.

    Attributes:
        recording: its files.
        seconds: duration that was measured.
        enhanced: scores of the enhanced file.
        noisy: scores of the noisy file, if given.
    """

    recording: Recording
    seconds: float
    enhanced: Scores
    noisy: Scores | None = None


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
    """What `evaluate` found.

    Attributes:
        rows: one for each recording that was measured, sorted by name.
        refused: recordings that were not. They are left out of every mean, so all means are over
            the same recordings.
    """

    rows: tuple[Row, ...]
    refused: tuple[Refusal, ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What was measured, in the order of the tables."""
        return tuple(measure for measure in MEASURES if measure.key in self.rows[0].enhanced)

    @property
    def sides(self) -> tuple[Side, ...]:
        """What there are means of."""
        return ("enhanced",) if self.rows[0].noisy is None else ("noisy", "enhanced", "difference")

    def values(self, side: Side, key: str) -> list[float]:
        """One measure of every row; `difference` is enhanced minus noisy.

        Raises:
            ValueError: there was no noisy folder, and `side` needs it.
        """
        return [_pick(row, side, key) for row in self.rows]

    def mean(self, side: Side, key: str) -> Mean:
        """Mean of one measure; for `difference`, the interval is that of the paired differences.

        Raises:
            ValueError: there was no noisy folder, and `side` needs it.
        """
        return mean_of(self.values(side, key))


def mean_of(values: Sequence[float]) -> Mean:
    """Mean of at least one value, with its confidence interval."""
    numbers = np.array(values)
    count = len(numbers)
    if count < 2:
        return Mean(float(numbers.mean()), math.nan)
    error = numbers.std(ddof=1) / math.sqrt(count)
    return Mean(float(numbers.mean()), float(stdtrit(count - 1, 0.975) * error))


def evaluate(
    clean: str | Path,
    enhanced: str | Path,
    noisy: str | Path | None = None,
    *,
    workers: int | None = None,
    dnsmos: bool = True,
    progress: bool = False,
) -> Evaluation:
    """Measures a folder of enhanced speech against the clean references of the same names.

    Files of any rate are resampled to 16 kHz. Channels are measured one by one and averaged. Files
    whose lengths differ by up to 50 ms are cut to the shorter. A recording that cannot be measured
    (silence, lengths or channel counts that do not fit, an unreadable file) is reported in
    `Evaluation.refused` and left out of the means.

    Args:
        clean: folder of references.
        enhanced: folder of what is judged, with the same names; see `pairing.pair_recordings`.
        noisy: folder of the inputs of the enhancement, to measure them and the difference.
        workers: processes that measure at the same time; all cores by default. With more than
            one, a script must call this below `if __name__ == "__main__":`.
        dnsmos: whether to run DNSMOS, which takes longer than all other measures together.
        progress: whether to show a progress bar on stderr, if that is a terminal.

    Raises:
        SpeechganError: a folder is missing, files are unmatched, none could be measured, or a
            worker died.
    """
    recordings = pair_recordings(
        Path(clean), Path(enhanced), None if noisy is None else Path(noisy)
    )
    results = tqdm(
        _measure_all(recordings, workers or _count_cores(), dnsmos),
        total=len(recordings),
        desc="evaluate",
        unit="file",
        disable=None if progress else True,
    )
    rows: list[Row] = []
    refused: list[Refusal] = []
    for result in results:
        if isinstance(result, Row):
            rows.append(result)
        else:
            refused.append(result)
    if not rows:
        raise SpeechganError(
            f"none of the {len(refused)} recordings could be measured; "
            f"the first: {refused[0].name}: {refused[0].reason}"
        )
    return Evaluation(tuple(rows), tuple(refused))


def _measure_all(
    recordings: list[Recording], workers: int, dnsmos: bool
) -> Iterator[Row | Refusal]:
    measure = partial(measure_recording, dnsmos=dnsmos)
    workers = min(workers, len(recordings))
    if workers == 1:
        yield from map(measure, recordings)
        return
    with start_workers(workers) as pool:
        try:
            yield from pool.map(measure, recordings)
        except BrokenProcessPool:
            raise SpeechganError(
                "a measuring process died, perhaps for lack of memory; try --workers 1"
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def measure_recording(recording: Recording, dnsmos: bool = True) -> Row | Refusal:
    """Scores of one recording, or why there are none."""
    try:
        clean = _read(recording.clean)
        seconds, enhanced = _measure_file(clean, recording.enhanced, dnsmos)
        noisy = None
        if recording.noisy is not None:
            _, noisy = _measure_file(clean, recording.noisy, dnsmos)
    except SpeechganError as error:
        return Refusal(recording.name, str(error))
    return Row(recording, seconds, enhanced, noisy)


def _read(path: Path) -> Wave:
    wave, sample_rate = audio.read(path)
    return np.ascontiguousarray(audio.resample(wave, sample_rate, SAMPLE_RATE))


def _measure_file(clean: Wave, path: Path, dnsmos: bool) -> tuple[float, Scores]:
    """Seconds that were measured, and the scores."""
    wave = _read(path)
    if len(clean) != len(wave):
        raise UnmeasurableError(
            f"{path}: has {len(wave)} channels, but its clean reference has {len(clean)}"
        )
    excess = (wave.shape[1] - clean.shape[1]) / SAMPLE_RATE
    if abs(excess) > _LENGTH_TOLERANCE:
        raise UnmeasurableError(
            f"{path}: {abs(excess):.2f} s {'longer' if excess > 0 else 'shorter'} "
            "than its clean reference"
        )
    samples = min(clean.shape[1], wave.shape[1])
    try:
        return samples / SAMPLE_RATE, score(clean[:, :samples], wave[:, :samples], dnsmos)
    except UnmeasurableError as error:
        raise UnmeasurableError(f"{path}: {error}") from None


def _pick(row: Row, side: Side, key: str) -> float:
    if side == "enhanced":
        return row.enhanced[key]
    if row.noisy is None:
        raise ValueError(f"there is no {side}: no noisy folder was given")
    return row.noisy[key] if side == "noisy" else row.enhanced[key] - row.noisy[key]


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
