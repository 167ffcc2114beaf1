"""What is mended of a damaged sound before a network hears it: clipped peaks, its rate, gaps."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from speechgan.audio import Wave
from speechgan.audio.clipping import FRAME, HIGHEST, declip
from speechgan.audio.gaps import LONGEST, fill_gaps
from speechgan.audio.resampling import resample_blocks
from speechgan.inference.enhancement.blocks import Context, ContextBlocks
from speechgan.inference.enhancement.rounds import Ask, run_alone

# What was cut off at full scale was above it: the greatest sample comes to lie here.
FULL_SCALE = 0.95
# Samples that are kept of a sound declipped: of a longer one its peaks are made anew each time.
KEPT = 2**23

Read = Callable[[], Iterator[Wave]]
"""Begins a sound anew; blocks `(channel, sample)` float32, of any lengths."""


def mend(read: Read, rate: float, made: float, channels: int) -> Read:
    """A sound declipped, at the rate `made` in Hz instead of `rate`, with its gaps filled."""
    unclipped = unclip(read, rate)

    def begin() -> Iterator[Wave]:
        return fill_blocks(resample_blocks(unclipped(), rate, made, channels), made)

    return begin


def unclip(read: Read, rate: float) -> Read:
    """A sound declipped.

    Where what was cut off would not fit into full scale, or into what the sound had above it
    before, where it holds floating point, the whole is made softer until it does, for which all of
    it is heard once before.
    """

    def declip_all() -> Iterator[Wave]:
        return declip_blocks(read(), rate)

    before = measure_peak(read())
    # What cannot come out too loud need not be heard before.
    if HIGHEST * before <= 1:
        return declip_all
    after, kept = measure_and_keep(declip_all())
    limit = max(1.0, before)
    scale = np.float32(1.0 if after <= limit else FULL_SCALE * limit / after)

    def begin() -> Iterator[Wave]:
        return (scale * block for block in (declip_all() if kept is None else kept))

    return begin


def measure_peak(blocks: Iterator[Wave]) -> float:
    """The greatest size of a sample."""
    return max(float(np.abs(block).max(initial=0)) for block in blocks)


def measure_and_keep(blocks: Iterator[Wave]) -> tuple[float, list[Wave] | None]:
    """The greatest size of a sample, and the blocks, or None where they are too many to be kept."""
    peak, samples = 0.0, 0
    kept: list[Wave] | None = []
    for block in blocks:
        peak = max(peak, float(np.abs(block).max(initial=0)))
        samples += block.size
        kept = None if kept is None or samples > KEPT else [*kept, block]
    return peak, kept


def declip_blocks(blocks: Iterator[Wave], sample_rate: float) -> Iterator[Wave]:
    """The clipped peaks of a sound made anew, which comes in blocks `(channel, sample)`."""
    return _in_windows(blocks, sample_rate, FRAME / 2, 30, declip)


def fill_blocks(blocks: Iterator[Wave], sample_rate: float) -> Iterator[Wave]:
    """The gaps filled of a sound that comes in blocks `(channel, sample)`, of any lengths."""
    return _in_windows(blocks, sample_rate, LONGEST, 4, fill_gaps)


def _in_windows(
    blocks: Iterator[Wave],
    sample_rate: float,
    grid: float,
    context: int,
    mend_row: Callable[[Wave, float], Wave],
) -> Iterator[Wave]:
    """A function of `(sample,)` and the rate, on windows of five times their context on each side.

    Args:
        blocks: `(channel, sample)`.
        sample_rate: in Hz.
        grid: in seconds; windows begin at its multiples.
        context: that is heard on each side of what is kept, in grids.
        mend_row: what is done.
    """
    step = max(1, round(grid * sample_rate))

    def answer(windows: Sequence[Ask]) -> list[Wave]:
        return [np.stack([mend_row(row, sample_rate) for row in w.given]) for w in windows]

    mended = ContextBlocks(Context(context * step, step, 5 * context * step))
    for block in blocks:
        yield run_alone(mended.push(block), answer)
    yield run_alone(mended.finish(), answer)
