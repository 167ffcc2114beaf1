"""F0 of every frame of a recording, by one of several estimators."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pyworld

# Voiced frames of a first pass that are too few to tell a range from.
FEW_VOICED = 20
# SwiftF0: confidence of frames that are believed, and of those that are believed where they lie no
# further from the line between the former, in octaves.
SURE, DOUBTFUL, FARTHEST = 0.2, 0.05, 0.35
# Voiced frames of a running median, an odd number; octaves from it that are no jump.
MEDIAN_FRAMES, OFF_MEDIAN = 51, 0.8
# Of SwiftF0 as well: longest gap in a voiced part, and what is added to its ends, in seconds.
LONGEST_GAP, ENDS = 0.1, 0.03


def find_harvest(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """Harvest (Morise 2017), within the range of this voice, which a first pass by DIO tells.

    Both faster and surer than to look everywhere.

    Args: and returns: as `find_f0`, not yet mended.
    """
    rough, _ = pyworld.dio(wave, sample_rate, lowest, highest, frame_period=1000 * period)
    around = range_of_voice(rough, lowest, highest)
    f0, _ = pyworld.harvest(wave, sample_rate, *around, frame_period=1000 * period)
    return f0


def range_of_voice(rough: np.ndarray, lowest: float, highest: float) -> tuple[float, float]:
    """Where a voice's pitch lies, in Hz, by a first guess `(frame,)` with 0 where unvoiced.

    From its quartiles (De Looze & Hirst 2008), wider than theirs for the sake of lively speech.
    """
    voiced = rough[rough > 0]
    if len(voiced) < FEW_VOICED:
        return lowest, highest
    low, high = np.quantile(voiced, [0.25, 0.75])
    return max(lowest, low / 2), min(highest, 2.5 * high)


def bring_into_range(f0: np.ndarray, lowest: float, highest: float) -> np.ndarray:
    """Moves what lies out of a voice's range by an octave towards it; `(frame,)` Hz, 0 unvoiced."""
    higher = np.where((f0 > 0) & (f0 < lowest), 2 * f0, f0)
    return np.where(f0 > highest, f0 / 2, higher).astype(f0.dtype)


def find_dio(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """DIO (Morise et al. 2009) with StoneMask: many times faster, less sure of creaky voices.

    Args: and returns: as `find_f0`, not yet mended.
    """
    rough, times = pyworld.dio(wave, sample_rate, lowest, highest, frame_period=1000 * period)
    return pyworld.stonemask(wave, rough, times, sample_rate)


def find_swift(
    wave: np.ndarray, sample_rate: int, period: float, lowest: float, highest: float
) -> np.ndarray:
    """SwiftF0 (Nieradzik 2025, arXiv:2508.18440), a small network, refined by StoneMask.

    An order of magnitude faster than Harvest, and surer of creaky voices. Its frames lie 16 ms
    apart; F0 is interpolated on a logarithmic scale between those that are voiced. As Harvest does,
    and unlike the network itself, doubtful frames that go on where sure ones lead, short gaps and
    the ends of voiced parts are called voiced, since WORLD finds by other means how noisy they are.

    Args: and returns: as `find_f0`, not yet mended.
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
    """F0 of every frame, mended by `mend_octaves`.

    Args:
        name: of one of `ESTIMATORS`.
        wave: `(sample,)` float64, full scale at ±1.
        sample_rate: in hertz.
        period: seconds between frames.
        lowest, highest: range that pitch is looked for in, in hertz.

    Returns:
        `(frame,)` float64 in hertz, 0 where unvoiced; frame `n` lies at `n * period`.
    """
    return mend_octaves(ESTIMATORS[name](wave, sample_rate, period, lowest, highest))


def mend_octaves(f0: np.ndarray) -> np.ndarray:
    """Brings jumps of an octave back to where the voice was; `(frame,)` Hz, 0 where unvoiced.

    A voiced frame further than `OFF_MEDIAN` octaves from the median of the voiced frames around it
    is moved by whole octaves; one that is still further is called unvoiced.
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
    """Of an odd number of values around each; the first and last go on beyond the ends."""
    padded = np.pad(values, width // 2, mode="edge")
    medians: np.ndarray = np.median(np.lib.stride_tricks.sliding_window_view(padded, width), -1)
    return medians


@cache
def _load_swift() -> Any:
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)
