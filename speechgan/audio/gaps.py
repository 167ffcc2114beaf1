"""Short gaps, such as lost packets, found and filled by linear prediction."""

import numpy as np

from speechgan.audio.formats import Wave

# Shortest gap, in seconds.
SHORTEST = 0.005
# Longest gap, in seconds: longer silence is a pause.
LONGEST = 0.15
# Signal on each side that the models are fitted to, in seconds: longer ago the sound was another.
CONTEXT = 0.025
# Order of the models, in seconds: it spans a period of most voices, so that their pitch continues.
ORDER = 0.0125
# Highest order in samples, as computing time grows with its square.
HIGHEST_ORDER = 480
# Edges of a gap that are predicted too, in seconds: they may be faded, or ring after resampling.
EDGE = 0.002
# Share of the greatest sample nearby below which a sample is silent, as pauses seldom are.
SILENT = 1e-4
# Share of it that a sound before or after a gap exceeds, where a pause would be faded.
LOUD = 1e-2
# Distance from the gap within which it does, in seconds.
BESIDE = 0.005


def fill_gaps(wave: Wave, sample_rate: float) -> Wave:
    """Fills short gaps of a `(sample,)` wave by prediction from both sides.

    Each side is extrapolated by an autoregressive model of the 25 ms before the gap, or, backwards,
    after it, and the two are cross-faded (Kauppinen & Roth 2002), where Janssen, Veldhuis & Vries
    (1986) solve for all missing samples at once. A wave without gaps is returned as it is.
    """
    gaps = find_gaps(wave, sample_rate)
    if not gaps:
        return wave
    context = round(CONTEXT * sample_rate)
    order = min(round(ORDER * sample_rate), HIGHEST_ORDER)
    filled = wave.astype(np.float64)
    for start, stop in gaps:
        count = stop - start
        fade = np.cos(np.linspace(0, np.pi / 2, count + 2)[1:-1]) ** 2
        before = carry_on(filled[max(0, start - context) : start], count, order)
        after = carry_on(filled[stop : stop + context][::-1], count, order)[::-1]
        filled[start:stop] = fade * before + (1 - fade) * after
    return filled.astype(wave.dtype)


def find_gaps(wave: Wave, sample_rate: float) -> list[tuple[int, int]]:
    """Gaps of a `(sample,)` wave: silence of 5 to 150 ms between sounds, and 2 ms on either side.

    Returns:
        Start and stop of each gap in samples, in order.
    """
    shortest, longest, edge, beside = (
        round(seconds * sample_rate) for seconds in (SHORTEST, LONGEST, EDGE, BESIDE)
    )
    size = np.abs(wave)
    blocks = -(-len(size) // longest)
    peaks = np.pad(size, (0, blocks * longest - len(size))).reshape(blocks, longest).max(1)
    near = np.maximum.reduce([np.pad(peaks, (n, 2 - n))[1:-1] for n in range(3)])
    near = np.repeat(near, longest)[: len(size)]
    changes = np.flatnonzero(np.diff(size <= SILENT * near, prepend=False, append=False))
    silent = changes.reshape(-1, 2)
    length = silent[:, 1] - silent[:, 0]
    gaps = []
    for start, stop in silent[(length >= shortest) & (length <= longest)].tolist():
        before, after = size[max(start - beside, 0) : start], size[stop : stop + beside]
        cut = max(before.max(initial=0), after.max(initial=0)) > LOUD * near[start]
        if cut and len(before) > edge < len(after):
            gaps.append((start - edge, stop + edge))
    return gaps


def carry_on(wave: Wave, count: int, order: int) -> Wave:
    """Extrapolates a `(sample,)` wave by a model of that order, or of half the wave's length.

    Samples are limited to twice the wave's peak, as rounding may make a model of high order
    unstable.
    """
    order = min(order, len(wave) // 2)
    carried = np.concatenate([wave[len(wave) - order :], np.zeros(count)])
    weights = find_predictor(wave, order)[::-1].copy()
    most = float(2 * np.abs(wave).max(initial=0))
    for n in range(count):
        value = weights.dot(carried[n : order + n])
        carried[order + n] = value if -most < value < most else np.copysign(most, value)
    return carried[order:]


def find_predictor(wave: Wave, order: int) -> Wave:
    """Linear prediction weights `(order,)` of the last samples, the latest first.

    By Burg's method (1967), whose models are stable for any wave, except for rounding.
    """
    forward = backward = wave
    error_filter = np.zeros(order + 1)
    error_filter[0] = 1
    for count in range(2, order + 2):
        forward, backward = forward[1:], backward[:-1]
        power = forward @ forward + backward @ backward
        reflection = -2 * (forward @ backward) / power if power > 1e-20 else 0.0
        forward, backward = forward + reflection * backward, backward + reflection * forward
        error_filter[:count] += reflection * error_filter[:count][::-1]
    return -error_filter[1:]
