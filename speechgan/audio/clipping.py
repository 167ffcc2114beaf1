"""Clipped sound: where it was cut off, and what was above."""

import numpy as np

from speechgan.audio.formats import Wave

# Length of a frame, in seconds; frames overlap by half.
FRAME = 0.032
# A sound is clipped if LEAST_RUNS or more flat runs lie at its greatest height, each of at least
# FLAT seconds and LEAST_RUN samples: a smooth wave hardly ever turns twice at the same height.
FLAT, LEAST_RUN, LEAST_RUNS = 0.00015, 3, 5
# Shares of the greatest sample: samples within HEIGHT of it are at its height, however they were
# rounded; some must lie less than BELOW under it, or the sound has few steps and is not clipped.
HEIGHT, BELOW = 2e-3, 0.1
# Share of all samples: where more are flat, the sound itself is.
MOST_FLAT = 0.6
# A peak is restored to at most so many times the height at which it was cut off.
HIGHEST = 10.0
# Components that a round allows a frame beyond those of the round before: at least SPARSE, and a
# share GROWTH of these; and the share of a frame's magnitude that it may miss of being that sparse.
SPARSE, GROWTH, NEAR = 2, 1 / 16, 0.05


def declip(wave: Wave, sample_rate: float) -> Wave:
    """A `(sample,)` wave with what was cut off at one height, above or below, made anew.

    Of all waves that go on where they were cut off and are otherwise what is left, in each frame
    one whose spectrum has few components, as a voice's has: the analysis form of SPADE (Kitić,
    Bertin & Gribonval 2015, arXiv:1506.01830), in frames of 32 ms, by the plain Fourier transform
    instead of a redundant one, which is three times as fast for half a decibel. Deliberate
    differences besides: later rounds allow more components at a time; a frame is done at a share
    of its own size from sparse, not at the same distance for all; and no peak becomes higher than
    ten times what was left of it. What was not clipped is returned as it is.
    """
    high, low = find_clipped(wave, sample_rate), find_clipped(-wave, sample_rate)
    clipped = high | low
    if not clipped.any() or clipped.mean() > MOST_FLAT:
        return wave
    hop = max(1, round(FRAME * sample_rate / 2))
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop)).astype(np.float32)
    sides = (hop, hop + -len(wave) % hop)
    frames, above, below = (_cut(np.pad(x, sides), hop) for x in (wave, high, low))
    frames = frames.astype(np.float32) * window
    chosen = (above | below).any(1)
    frames[chosen] = find_sparse(frames[chosen], above[chosen], below[chosen])
    frames *= window
    made = (frames[1:, :hop] + frames[:-1, hop:]).reshape(-1)[: len(wave)]
    limit = HIGHEST * np.abs(wave[clipped]).max()
    declipped = wave.copy()
    declipped[clipped] = np.clip(made[clipped], -limit, limit)
    return declipped


def find_clipped(wave: Wave, sample_rate: float) -> np.ndarray:
    """Which samples of a `(sample,)` wave are at the height at which its upper side was cut off."""
    top = wave.max(initial=0)
    flat = wave >= (1 - HEIGHT) * top
    edges = np.flatnonzero(np.diff(flat, prepend=False, append=False)).reshape(-1, 2)
    long = edges[:, 1] - edges[:, 0] >= max(LEAST_RUN, FLAT * sample_rate)
    beneath = (wave >= (1 - BELOW) * top) & ~flat
    if top > 0 and long.sum() >= LEAST_RUNS and beneath.any():
        return flat
    return np.zeros(len(wave), bool)


def find_sparse(frames: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Frames `(frame, sample)` with as few components as they can have, which are not lower where
    they are marked as `above`, not higher where `below`, and elsewhere what they were."""
    found, length = frames.copy(), frames.shape[1]
    bins = length // 2 + 1
    lowest = np.where(below, np.float32(-np.inf), frames)
    highest = np.where(above, np.float32(np.inf), frames)
    left = np.arange(len(frames))
    spectrum = np.fft.rfft(frames, norm="ortho")
    excess = np.zeros_like(spectrum)
    count = 0
    while count < bins:
        count = min(count + max(SPARSE, int(GROWTH * count)), bins)
        sparse = _keep_greatest(spectrum + excess, count)
        wave = np.fft.irfft(sparse - excess, length, norm="ortho")
        wave = np.minimum(np.maximum(wave, lowest), highest)  # several times as fast as np.clip
        found[left] = wave
        spectrum = np.fft.rfft(wave, norm="ortho")
        missed = spectrum - sparse
        excess += missed
        far = _energy(missed) > NEAR**2 * _energy(spectrum)
        if not far.any():
            break
        if not far.all():
            left, lowest, highest = left[far], lowest[far], highest[far]
            spectrum, excess = spectrum[far], excess[far]
    return found


def _keep_greatest(spectrum: np.ndarray, count: int) -> np.ndarray:
    """Of each row so many of the components, and zeros."""
    power = spectrum.real**2 + spectrum.imag**2
    least = np.partition(power, -count, axis=1)[:, -count, None]
    return spectrum * (power >= least)


def _energy(spectrum: np.ndarray) -> np.ndarray:
    """Of each row."""
    parts = spectrum.view(np.float32)
    return np.einsum("fp,fp->f", parts, parts)


def _cut(wave: np.ndarray, hop: int) -> np.ndarray:
    """`(frame, 2 hop)`, each a hop after the one before."""
    hops = wave.reshape(-1, hop)
    return np.concatenate([hops[:-1], hops[1:]], axis=1)
