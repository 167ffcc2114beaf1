"""Conversion of users' arrays and tensors of several types, and checks of sample rates."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from speechgan.audio import Wave, require_finite
from speechgan.audio.pcm import MOST_CHANNELS
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    import torch

Sound = TypeVar("Sound", np.ndarray[Any, Any], "torch.Tensor")


def open_wave(wave: Sound, sample_rate: float) -> tuple[Wave, Callable[[Wave], Sound]]:
    """A sound as float32 `(channel, sample)`, and a function back to its type.

    Args:
        wave: `(sample,)` or `(channel, sample)`, NumPy or torch; floating point with full scale at
            ±1, or 16- or 32-bit integers with full scale at their range.
        sample_rate: in Hz, any.

    Returns:
        The samples, and a function that gives other samples, of as many channels and any length,
        the wave's type, dtype, device and number of axes.

    Raises:
        SpeechganError: an empty wave, another shape or dtype, NaN or infinity, an invalid sample
            rate.
    """
    check_rate(sample_rate)
    if not hasattr(wave, "dtype"):
        raise SpeechganError(
            f"wave of type {type(wave).__name__}: must be a NumPy array or a torch tensor"
        )
    if not isinstance(wave, np.ndarray):
        import torch

        # NumPy has no bfloat16.
        plain = wave.float() if wave.dtype == torch.bfloat16 else wave
        array: Any = plain.detach().cpu().numpy()
        rows, close = open_wave(array, sample_rate)
        return rows, lambda made: torch.from_numpy(close(made)).to(wave.device, wave.dtype)
    if wave.ndim not in (1, 2) or wave.size == 0:
        raise SpeechganError(
            f"wave of shape {wave.shape}: must be (samples,) or (channels, samples), not empty"
        )
    if wave.ndim == 2 and len(wave) > MOST_CHANNELS:
        raise SpeechganError(
            f"wave of shape {wave.shape}: must be (channels, samples), and has more than "
            f"{MOST_CHANNELS} channels; give wave.T"
        )
    rows = to_float(np.atleast_2d(wave))
    require_finite(rows, sample_rate, "wave")
    shape, dtype = wave.shape[:-1], wave.dtype
    return rows, lambda made: from_float(made.reshape(*shape, -1), dtype)


def read_block(block: Wave, channels: int, sample_rate: float) -> Wave:
    """A stream's next block as float32 `(channel, sample)`.

    Args:
        block: `(sample,)` of one channel, or `(channel, sample)`; any length.
        channels: of the stream.
        sample_rate: in Hz, of the blocks.

    Raises:
        SpeechganError: no array, another shape or dtype, NaN or infinity.
    """
    if not isinstance(block, np.ndarray):
        raise SpeechganError(f"block of type {type(block).__name__}: must be a NumPy array")
    if block.ndim not in (1, 2) or (1 if block.ndim == 1 else len(block)) != channels:
        raise SpeechganError(
            f"block of shape {block.shape}: must be (samples,) or (channels, samples) with "
            f"channels {channels}, as the stream was opened"
        )
    wave = to_float(np.atleast_2d(block))
    require_finite(wave, sample_rate, "block")
    return wave


def to_float(wave: Wave) -> Wave:
    """Floating point or 16- or 32-bit integers to float32 with full scale at ±1.

    Raises:
        SpeechganError: another dtype.
    """
    if wave.dtype.kind == "f":
        return wave.astype(np.float32)
    if wave.dtype.kind == "i" and wave.dtype.itemsize in (2, 4):  # of any byte order
        step = np.float32(-1 / np.iinfo(wave.dtype).min)
        return (wave * step).astype(np.float32, copy=False)
    raise SpeechganError(
        f"wave of dtype {wave.dtype}: must be floating point, int16 or int32; convert it first"
    )


def from_float(wave: Wave, dtype: np.dtype[Any]) -> Wave:
    """The inverse of `to_float`; values that exceed an integer's range are clipped."""
    if dtype.kind == "f":
        return wave.astype(dtype)
    limits = np.iinfo(dtype)
    steps = np.rint(np.multiply(wave, -float(limits.min), dtype=np.float64))
    return np.minimum(np.maximum(steps, limits.min), limits.max).astype(dtype)


def write_block(wave: Wave, like: Wave) -> Wave:
    """Float32 `(channel, sample)` with the number of axes and dtype of a block."""
    return from_float(wave[0] if like.ndim == 1 else wave, like.dtype)


def check_rate(sample_rate: float) -> float:
    """A sample rate as a Python number, as NumPy's may overflow or be of low precision.

    Raises:
        SpeechganError: not a positive, finite number.
    """
    if not 0 < sample_rate < float("inf"):
        raise SpeechganError(f"sample rate {sample_rate}: must be a positive number of Hz")
    plain: float = sample_rate.item() if isinstance(sample_rate, np.generic) else sample_rate
    return plain
