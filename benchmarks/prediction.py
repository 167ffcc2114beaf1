"""Gaps filled without training, to compare with: linear prediction from both sides."""

from collections.abc import Iterable

import numpy as np
from scipy.signal import lfilter, lfiltic

from speechgan.audio import Wave

# In samples at 16 kHz. An order of 20 ms spans a period of any voice, so that its pitch goes on.
CONTEXT, ORDER = 960, 320


def fill_gaps(wave: Wave, gaps: Iterable[tuple[int, int]]) -> Wave:
    """A `(sample,)` wave whose gaps hold what is predicted from both sides of them.

    Each side is carried on by an autoregressive model of the last 60 ms before the gap, or the
    first after it, backwards (Janssen, Veldhuis & Vries 1986; Kauppinen & Roth 2002); the two are
    crossfaded. At an end of the wave there is one side.

    Args:
        wave: at 16 kHz.
        gaps: first sample and the one after the last, of each.
    """
    filled = wave.astype(np.float64)
    for start, stop in gaps:
        count = stop - start
        fade = np.cos(np.linspace(0, np.pi / 2, count + 2)[1:-1]) ** 2
        if start == 0 or stop >= len(wave):
            fade = np.full(count, float(start > 0))
        before = carry_on(filled[max(0, start - CONTEXT) : start], count)
        after = carry_on(filled[stop : stop + CONTEXT][::-1], count)[::-1]
        filled[start:stop] = fade * before + (1 - fade) * after
    return filled.astype(wave.dtype)


def carry_on(wave: Wave, count: int) -> Wave:
    """So many samples more of a `(sample,)` wave."""
    order = min(ORDER, len(wave) // 2)
    if not order:
        return np.zeros(count)
    feedback = [1.0, *-find_predictor(wave, order)]
    state = lfiltic([1.0], feedback, wave[::-1])
    carried, _ = lfilter([1.0], feedback, np.zeros(count), zi=state)
    return carried


def find_predictor(wave: Wave, order: int) -> Wave:
    """Weights `(order,)` of the last samples, the latest first, that best predict the next.

    By Burg's method (1967): whatever the wave, what it carries on does not grow.
    """
    forward = backward = wave
    error_filter = np.ones(1)
    for _ in range(order):
        forward, backward = forward[1:], backward[:-1]
        power = forward @ forward + backward @ backward
        reflection = -2 * (forward @ backward) / power if power > 1e-20 else 0.0
        forward, backward = forward + reflection * backward, backward + reflection * forward
        longer = np.append(error_filter, 0)
        error_filter = longer + reflection * longer[::-1]
    return -error_filter[1:]
