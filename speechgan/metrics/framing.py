"""Short overlapping frames of a pair of waves, in blocks, so that long files fit in memory."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from speechgan.utils.errors import UnmeasurableError

Wave = NDArray[np.floating]
Block = NDArray[np.float64]

EPSILON = float(np.finfo(np.float64).eps)
_FRAMES_PER_BLOCK = 2048


def check_pair(clean: Wave, enhanced: Wave) -> None:
    """Checks that both are waves `(sample,)` of one length; raises ValueError otherwise."""
    if clean.ndim != 1 or clean.shape != enhanced.shape:
        raise ValueError(
            f"expected two waves of one shape (sample,), got {clean.shape} and {enhanced.shape}"
        )


def measure_frames(
    clean: Wave, enhanced: Wave, length: int, hop: int, measure: Callable[[Block, Block], Block]
) -> Block:
    """Applies `measure` to windowed frames of both waves.

    As in Loizou's `composite.m`, the window is a Hann window without its zeros at the ends, the
    last full frame is left out, and an inaudible offset keeps digital silence from being zero.

    Args:
        clean: reference, `(sample,)`.
        enhanced: to be rated, `(sample,)`.
        length: samples in a frame.
        hop: samples from one frame to the next.
        measure: takes two blocks `(frame, sample)`; returns a number or a row of numbers a frame.

    Returns:
        `(frame,)` or `(frame, number)`.

    Raises:
        UnmeasurableError: the waves are shorter than `length + hop`.
    """
    check_pair(clean, enhanced)
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(1, length + 1) / (length + 1)))
    count = (len(clean) - length) // hop
    if count < 1:
        raise UnmeasurableError(f"{len(clean)} samples are too few: {length + hop} are needed")
    values = []
    for first in range(0, count, _FRAMES_PER_BLOCK):
        last = min(first + _FRAMES_PER_BLOCK, count) - 1
        # Converted block by block, as a long file in double precision would be large.
        part = slice(first * hop, last * hop + length)
        blocks = [
            np.lib.stride_tricks.sliding_window_view(
                wave[part].astype(np.float64) + EPSILON, length
            )[::hop]
            for wave in (clean, enhanced)
        ]
        values.append(measure(blocks[0] * window, blocks[1] * window))
    return np.concatenate(values)


def power_spectrum(frames: Block, bins: int | None = None) -> Block:
    """Squared magnitudes of the Fourier transform: `(frame, sample)` to `(frame, frequency)`.

    Args:
        frames: real frames.
        bins: transform length in samples; the frames' own by default.
    """
    spectrum = np.fft.rfft(frames, bins)
    return np.square(spectrum.real) + np.square(spectrum.imag)
