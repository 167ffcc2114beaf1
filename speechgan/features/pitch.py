"""F0 of every frame of a recording, by one of several estimators."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyworld

# Fewer voiced frames of the first pass do not determine a voice's range.
FEW_VOICED = 20
# SwiftF0: from this confidence on frames are voiced.
SURE = 0.2
# SwiftF0: from this confidence on they are, if close to the interpolation of the former.
DOUBTFUL = 0.05
# Greatest distance from that interpolation, in octaves.
FARTHEST = 0.35
# SwiftF0: longest gap that is filled, in seconds.
LONGEST_GAP = 0.1
# SwiftF0: extension of a voiced part at each end, in seconds.
ENDS = 0.03
# Voiced frames of the running median, an odd number.
MEDIAN_FRAMES = 51
# Greatest distance from that median that is no octave error, in octaves.
OFF_MEDIAN = 0.8


def find_harvest(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """Harvest (Morise 2017) within the voice's range, which a first pass by DIO determines.

    That is faster and more reliable than the whole range.

    Arguments and result are those of `find_f0`, without its correction of octaves.
    """
    rough, _ = pyworld.dio(wave, sample_rate, lowest, highest, frame_period=1000 * period)
    around = range_of_voice(rough, lowest, highest)
    f0, _ = pyworld.harvest(wave, sample_rate, *around, frame_period=1000 * period)
    return f0


def range_of_voice(rough: np.ndarray, lowest: float, highest: float) -> tuple[float, float]:
    """A voice's F0 range in Hz, from a first estimate `(frame,)`, 0 where unvoiced.

    From its quartiles (De Looze & Hirst 2008), but wider, for expressive speech.
    """
    voiced = rough[rough > 0]
    if len(voiced) < FEW_VOICED:
        return lowest, highest
    low, high = np.quantile(voiced, [0.25, 0.75])
    return max(lowest, low / 2), min(highest, 2.5 * high)


def bring_into_range(f0: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Shifts F0 out of a voice's range by an octave towards it; `(frame,)` Hz, 0 where unvoiced."""
    higher = np.where((f0 > 0) & (f0 < lowest), 2 * f0, f0)
    return np.where(f0 > highest, f0 / 2, higher).astype(f0.dtype)


def find_dio(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """DIO (Morise et al. 2009) with StoneMask: many times faster, less reliable for creaky voices.

    Arguments and result are those of `find_f0`, without its correction of octaves.
    """
    rough, times = pyworld.dio(wave, sample_rate, lowest, highest, frame_period=1000 * period)
    return pyworld.stonemask(wave, rough, times, sample_rate)


def find_swift(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """SwiftF0 (Nieradzik 2025, arXiv:2508.18440), a small network, refined by StoneMask.

    An order of magnitude faster than Harvest, and more reliable for creaky voices. Its frames lie
    16 ms apart; F0 is interpolated on a logarithmic scale between voiced ones. As with Harvest, but
    unlike the network itself, uncertain frames close to the course of certain ones, short gaps and
    the ends of voiced parts count as voiced: WORLD estimates separately how noisy they are.

    Arguments and result are those of `find_f0`, without its correction of octaves.
    """
    found = _load_swift().detect(wave.astype(np.float32), sample_rate, lowest, highest)
    times = period * np.arange(int(len(wave) / sample_rate / period) + 1)
    instants, octaves = found.timestamps, np.log2(found.pitch_hz)
    sure = found.confidence >= SURE
    if sure.sum() < 2:
        return np.zeros(len(times))
    off = np.abs(octaves - np.interp(instants, instants[sure], octaves[sure]))
    voiced = sure | ((found.confidence >= DOUBTFUL) & (off < FARTHEST))
    heard, pitch = instants[voiced], octaves[voiced]
    after = np.searchsorted(heard, times).clip(1, len(heard) - 1)
    gap = heard[after] - heard[after - 1]
    inside = (times >= heard[0]) & (times <= heard[-1]) & (gap <= LONGEST_GAP)
    nearest = np.minimum(np.abs(times - heard[after - 1]), np.abs(times - heard[after]))
    f0 = np.where(inside | (nearest <= ENDS), 2 ** np.interp(times, heard, pitch), 0.0)
    return pyworld.stonemask(wave, f0, times, sample_rate)


ESTIMATORS: dict[str, Callable[[np.ndarray, int, float, float, float], np.ndarray]] = {
    "harvest": find_harvest,
    "dio": find_dio,
    "swift": find_swift,
}


def find_f0(
    name: str, wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """F0 of every frame, corrected by `mend_octaves`.

    Args:
        name: of one of `ESTIMATORS`.
        wave: `(sample,)` float64, full scale at ±1.
        sample_rate: in hertz.
        period: seconds between frames.
        lowest, highest: search range, in hertz.

    Returns:
        `(frame,)` float64 in hertz, 0 where unvoiced; frame `n` lies at `n * period`.
    """
    return mend_octaves(ESTIMATORS[name](wave, sample_rate, period, lowest, highest))


def mend_octaves(f0: np.ndarray) -> np.ndarray:
    """Corrects octave errors of F0 `(frame,)` in Hz, 0 where unvoiced.

    A voiced frame further than `OFF_MEDIAN` octaves from the median of the voiced frames around it
    is shifted by whole octaves; if it is still further away, it becomes unvoiced.
    """
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced) < 3:
        return f0
    octaves = np.log2(f0[voiced])
    usual = _median(octaves, min(MEDIAN_FRAMES, len(octaves) - 1 + len(octaves) % 2))
    away = octaves - usual
    moved = np.where(np.abs(away) > OFF_MEDIAN, octaves - np.round(away), octaves)
    mended = np.zeros_like(f0)
    mended[voiced] = np.where(np.abs(moved - usual) <= OFF_MEDIAN, 2.0**moved, 0.0)
    return mended


def _median(values: np.ndarray, width: int) -> np.ndarray:
    """Running median over an odd number of values; the first and last are repeated at the ends."""
    padded = np.pad(values, width // 2, mode="edge")
    medians: np.ndarray = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), -1)
    return medians


@cache
def _load_swift() -> Any:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)
