"""Alignment of two recordings of the same sentence, by dynamic time warping."""

import librosa
import numpy as np

from speechgan.features.voice import Voice
from speechgan.utils.errors import UnmeasurableError

MOST_STEPS = 150_000_000
"""Largest product of two lengths, in frames; its tables take about 3 GB."""


def align(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Dynamic time warping (Sakoe & Chiba 1978) of `(frame, feature)`: pairs `(step, 2)`.

    Euclidean distance; steps in one, in the other and in both cost the same.

    Raises:
        UnmeasurableError: sequences so long that the tables would not fit in memory.
    """
    if len(one) * len(other) > MOST_STEPS:
        raise UnmeasurableError(
            f"too long to align: {len(one)} frames of speech with {len(other)}; "
            "cut the recordings into sentences"
        )
    _, path = librosa.sequence.dtw(one.T, other.T)
    return path[::-1]


def align_speech(one: Voice, other: Voice) -> np.ndarray:
    """Pairs of aligned frames `(step, 2)`, without silence.

    Raises:
        UnmeasurableError: fewer than two frames of speech in one of them, or both very long.
    """
    frames = [locate_speech(voice) for voice in (one, other)]
    path = align(one.image[1:, frames[0]].T, other.image[1:, frames[1]].T)
    return np.stack([frames[0][path[:, 0]], frames[1][path[:, 1]]], 1)


def locate_speech(voice: Voice) -> np.ndarray:
    """Indices of the frames that are speech, `(frame,)`.

    Raises:
        UnmeasurableError: there are fewer than two.
    """
    frames = np.flatnonzero(voice.find_speech())
    if len(frames) < 2:
        raise UnmeasurableError("holds no speech")
    return frames
