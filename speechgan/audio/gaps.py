"""Short gaps, such as lost packets, found and filled by linear prediction."""

import numpy as np

from speechgan.audio.formats import Wave

# In seconds. What is silent for longer than the longest is a pause. An order of 12.5 ms spans a
# period of most voices, so that their pitch goes on; what was said longer ago is another sound. It
# is 480 samples at most, as time grows with its square. The edges of a gap may be faded, or ring
# after resampling, and are predicted too.
SHORTEST, LONGEST = 0.005, 0.15
CONTEXT, ORDER, EDGE = 0.025, 0.0125, 0.002
HIGHEST_ORDER = 480
# Of the greatest sample nearby: what is below SILENT is no sound, which hardly a pause of a
# recording is; and what was cut off was LOUD within five milliseconds, where a pause is faded.
SILENT, LOUD, BESIDE = 1e-4, 1e-2, 0.005


def fill_gaps(wave: Wave, sample_rate: float) -> Wave:
    """A `(sample,)` wave whose short gaps hold what is predicted from both sides of them.

    Each side is carried on by an autoregressive model of the last 25 ms before the gap, or the
    first after it, backwards, and the two are crossfaded (Kauppinen & Roth 2002), where Janssen,
    Veldhuis & Vries (1986) solve for all that is missing at once. What has no gaps is returned as
    it is.
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
    """Where a `(sample,)` wave is silent between sounds for 5 to 150 ms, and 2 ms on either side.

    Returns:
        First sample and the one after the last, of each gap, in order.
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
    """So many samples more of a `(sample,)` wave, by a model of that order or half its length.

    Twice as loud as the wave at most: a model of high order may be unstable by a rounding error.
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
    """Weights `(order,)` of the last samples, the latest first, that best predict the next.

    By Burg's method (1967): but for rounding, what it carries on does not grow, whatever the wave.
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
