"""Samples as users hold them: types, rates and files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from speechgan.audio import Format, Wave
from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class WrittenFile:
    """What was made of a file.

    Attributes:
        path: the new file.
        seconds: its length.
        sample_rate: in Hz, as in the input.
        channels: as in the input.
        format: container and subtype.
    """

    path: Path
    seconds: float
    sample_rate: int
    channels: int
    format: Format


def to_float(wave: Wave) -> Wave:
    """Floating point or 16- or 32-bit integers to float32 with full scale at ±1.

    Raises:
        SpeechganError: another dtype.
    """
    if wave.dtype.kind == "f":
        return wave.astype(np.float32)
    if wave.dtype in (np.int16, np.int32):
        step = np.float32(-1 / np.iinfo(wave.dtype).min)
        return (wave * step).astype(np.float32, copy=False)
    raise SpeechganError(
        f"wave of dtype {wave.dtype}: must be floating point, int16 or int32; convert it first"
    )


def from_float(wave: Wave, dtype: np.dtype[Any]) -> Wave:
    """Undoes `to_float`; what exceeds an integer's range is clipped."""
    if dtype.kind == "f":
        return wave.astype(dtype)
    limits = np.iinfo(dtype)
    steps = np.rint(np.multiply(wave, -float(limits.min), dtype=np.float64))
    return np.minimum(np.maximum(steps, limits.min), limits.max).astype(dtype)


def check_rate(sample_rate: float) -> None:
    """Refuses what is no sample rate.

    Raises:
        SpeechganError: not a positive, finite number.
    """
    if not 0 < sample_rate < float("inf"):
        raise SpeechganError(f"sample rate {sample_rate}: must be a positive number of Hz")
