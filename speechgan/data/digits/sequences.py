"""Sequences of several recordings of one speaker."""

import numpy as np


def follow(
    first: np.ndarray, speakers: np.ndarray, length: int, rng: np.random.Generator
) -> np.ndarray:
    """Draws sequences of recordings, in which a recording may be repeated.

    Args:
        first: `(item,)`, numbers of the recordings that sequences begin with.
        speakers: `(recording,)`, the speaker of each.
        length: of a sequence.
        rng: draws those that follow among all of the same speaker.

    Returns:
        Numbers of recordings `(item, length)`.
    """
    others = [rng.choice(np.flatnonzero(speakers == speakers[n]), length - 1) for n in first]
    following = np.array(others, first.dtype).reshape(len(first), length - 1)
    return np.concatenate([first[:, None], following], 1)


def join_seconds(images: np.ndarray, length: int) -> np.ndarray:
    """`(item * length, bin, frame)` as longer images `(item, bin, length * frame)`."""
    count, bins, frames = images.shape
    rows = images.reshape(count // length, length, bins, frames)
    return rows.transpose(0, 2, 1, 3).reshape(count // length, bins, length * frames)


def cut_seconds(images: np.ndarray, length: int) -> np.ndarray:
    """The inverse of `join_seconds`."""
    items, bins, frames = images.shape
    rows = images.reshape(items, bins, length, frames // length)
    return rows.transpose(0, 2, 1, 3).reshape(items * length, bins, frames // length)
