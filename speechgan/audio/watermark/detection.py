"""Detection of the watermark, robust against cuts, codecs, resampling and noise."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from speechgan.audio.formats import Wave
from speechgan.audio.resampling import resample_blocks
from speechgan.audio.watermark.pattern import (
    BANDS,
    CELL_SECONDS,
    CELLS,
    KEY,
    make_pattern,
    sort_bins,
)

SHORTEST_SECONDS = 3.0
"""Shortest sound in which the watermark can be detected."""
# Length of the overlapping pieces of a long sound, which may be marked in a part only.
PIECE_SECONDS = 10.0
# From one piece to the next.
STEP_SECONDS = 5.0
# Less than one unmarked sound in a thousand exceeds it, see docs/results.md.
THRESHOLD = 5.3
# Raises the threshold with the number of pieces, for the same rate of false alarms.
THRESHOLD_PER_LOG = 0.2
RATE, FRAME, HOP = 8000, 128, 64
_PERIOD = round(CELL_SECONDS * CELLS * RATE / HOP)
# Frames on either side, in its band and the two next to it, that a cell is compared with.
_AROUND = 2
_CLIP_DECIBELS = 6.0
# Number of other keys' patterns, whose correlations are the scale of a score.
_DECOYS = 16


@dataclass(frozen=True)
class Detection:
    """The result of a detection.

    Attributes:
        marked: whether the sound has the watermark; None if it is too short.
        score: highest correlation of a piece with the pattern, in standard deviations of its
            correlations with other patterns.
        threshold: score from which on a sound of this length counts as marked.
        start, end: of that piece, in seconds.
    """

    marked: bool | None
    score: float
    threshold: float
    start: float
    end: float


def detect(wave: Wave, sample_rate: float, key: str = KEY) -> Detection:
    """Detects a key's watermark in `(sample,)` or `(channel, sample)`; see `detect_blocks`."""
    whole = np.atleast_2d(wave)
    return detect_blocks([whole], sample_rate, len(whole), key)


def detect_blocks(
    blocks: Iterable[Wave], sample_rate: float, channels: int, key: str = KEY
) -> Detection:
    """Detects a key's watermark in a sound that comes in blocks.

    The energies of the pattern's bands are folded over its period and correlated with it at all
    offsets, so that cuts anywhere do no harm. It takes 11 MB of memory for an hour.

    Args:
        blocks: `(channel, sample)` floating point, of any lengths.
        sample_rate: in Hz.
        channels: of the blocks.
        key: of the pattern.
    """
    energies = _measure_energies(resample_blocks(blocks, sample_rate, RATE, channels), channels)
    frames = energies.shape[1]
    seconds = (frames * HOP + FRAME - HOP) / RATE if frames else 0.0
    if seconds < SHORTEST_SECONDS:
        return Detection(None, 0.0, THRESHOLD, 0.0, seconds)
    length, step = (round(s * RATE / HOP) for s in (PIECE_SECONDS, STEP_SECONDS))
    starts = list(range(0, max(1, frames - length + step), step))
    scores = [score_energies(energies[:, i : i + length], key) for i in starts]
    best = int(np.argmax(scores))
    threshold = THRESHOLD + THRESHOLD_PER_LOG * float(np.log(len(starts)))
    start = starts[best] * HOP / RATE
    end = min(start + PIECE_SECONDS, seconds)
    return Detection(scores[best] >= threshold, scores[best], threshold, start, end)


def score_energies(energies: np.ndarray, key: str = KEY) -> float:
    """Highest correlation of `(band, frame)` energies with a key's pattern, over all offsets.

    In standard deviations of the correlations with other patterns; 0 for silence.
    """
    surprise = _surprise(energies)
    padded = np.pad(surprise, ((0, 0), (0, -surprise.shape[1] % _PERIOD)))
    folded = np.fft.rfft(padded.reshape(BANDS, -1, _PERIOD).sum(axis=1))
    others = [_agree(folded, f"{key}/decoy {number}") for number in range(_DECOYS)]
    usual = float(np.sqrt(np.mean(np.square(others))))
    # In silence there are only rounding errors.
    return float(_agree(folded, key).max()) / usual if usual > 1e-6 else 0.0


def _agree(folded: np.ndarray, key: str) -> np.ndarray:
    """Correlations with a pattern at all offsets within a period."""
    agreement: np.ndarray = np.fft.irfft((folded * _transform_pattern(key)).sum(axis=0), _PERIOD)
    return agreement


@lru_cache(maxsize=256)
def _transform_pattern(key: str) -> np.ndarray:
    cells = np.floor(np.arange(_PERIOD) * HOP / RATE / CELL_SECONDS + 1e-6).astype(int)
    transformed: np.ndarray = np.conj(np.fft.rfft(make_pattern(key)[:, cells]))
    return transformed


def _measure_energies(blocks: Iterable[Wave], channels: int) -> np.ndarray:
    """Energies `(band, frame)`, summed over channels, of blocks at `RATE`."""
    band = sort_bins(FRAME, RATE)
    into_bands = (band[:, None] == np.arange(BANDS)).astype(np.float64)
    window = np.hanning(FRAME + 1)[:-1]
    rest = np.zeros((channels, 0))
    found = [np.zeros((BANDS, 0), np.float32)]
    for block in blocks:
        rest = np.concatenate([rest, block], axis=1)
        frames = max(0, (rest.shape[1] - FRAME) // HOP + 1)
        if not frames:
            continue
        cut = np.lib.stride_tricks.sliding_window_view(rest, FRAME, axis=1)[:, ::HOP] * window
        power = np.square(np.abs(np.fft.rfft(cut))).sum(axis=0)
        found.append((power @ into_bands).T.astype(np.float32))
        rest = rest[:, frames * HOP :]
    return np.concatenate(found, axis=1)


def _surprise(energies: np.ndarray) -> np.ndarray:
    """Levels of cells relative to their neighbours, in dB, which are little correlated in speech.

    Cells with stationary noise have lower weights, as the watermark is not in the noise; large
    differences are clipped softly, as they are onsets, not the watermark.
    """
    energies = energies.astype(np.float64)
    energies = energies + 1e-7 * energies.mean() + 1e-14
    smooth = _add_around(energies, 0, _AROUND) / _add_around(np.ones_like(energies), 0, _AROUND)
    noise = np.percentile(smooth, 10, axis=1, keepdims=True)
    weight = np.maximum(0, 1 - noise / smooth)
    decibels = 10 * np.log10(energies)
    usual = _add_around(decibels * weight, 1, _AROUND)
    usual /= np.maximum(_add_around(weight, 1, _AROUND), 1e-3)
    surprise = _CLIP_DECIBELS * np.tanh((decibels - usual) / _CLIP_DECIBELS)
    return np.asarray(surprise * weight)


def _add_around(values: np.ndarray, bands: int, frames: int) -> np.ndarray:
    """Sums over so many bands and frames on either side; beyond the edges are zeros."""
    total = values
    for axis, reach in ((0, bands), (1, frames)):
        before = [(0, 0), (0, 0)]
        before[axis] = (reach + 1, reach)
        sums = np.cumsum(np.pad(total, before), axis=axis)
        count, width = values.shape[axis], 2 * reach + 1
        places = np.arange(count)
        total = sums.take(places + width, axis) - sums.take(places, axis)
    return total
