"""Simulated room impulse responses."""

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np

from speechgan.utils.files import replace_whole


def room_responses(
    count: int, sample_rate: int, seed: int, reverberation: tuple[float, float], folder: Path
) -> np.ndarray:
    """A bank of impulse responses of shoebox rooms, by the image source method.

    Rooms of 3 to 9 by 3 to 7 by 2.4 to 3.5 metres, source and microphone anywhere in them, half a
    metre from the walls (Allen & Berkley 1979; Scheibler et al. 2018, arXiv:1710.04196). Each
    response starts at the direct sound, scaled to 1. They are computed once, then kept in `folder`.

    Args:
        count: number of rooms.
        sample_rate: in hertz.
        seed: of every random choice.
        reverberation: least and greatest time to decay by 60 dB, in seconds.
        folder: where the bank is kept.

    Returns:
        `(count, sample)` float32, as long as the longest reverberation time.

    Raises:
        SpeechganError: `folder` cannot be written.
    """
    key = json.dumps([count, sample_rate, seed, list(reverberation)])
    path = folder / f"rooms-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy"
    with contextlib.suppress(OSError, ValueError, EOFError):  # none there, or damaged
        return np.load(path)
    import pyroomacoustics  # takes most of a second, and is not needed for a stored bank

    rng = np.random.default_rng(seed)
    samples = int(reverberation[1] * sample_rate)
    bank = np.zeros((count, samples), np.float32)
    for row in bank:
        size = rng.uniform([3, 3, 2.4], [9, 7, 3.5])
        seconds = rng.uniform(*reverberation)
        walls = 2 * (size[0] * size[1] + size[1] * size[2] + size[2] * size[0])
        absorption = 0.161 * size.prod() / (walls * seconds)  # Sabine's formula
        room = pyroomacoustics.ShoeBox(
            size,
            fs=sample_rate,
            materials=pyroomacoustics.Material(float(min(absorption, 0.99))),
            max_order=min(int(np.ceil(343 * seconds / size.min())), 17),
        )
        room.add_source(rng.uniform(0.5, size - 0.5))
        room.add_microphone(rng.uniform(0.5, size - 0.5))
        room.compute_rir()
        response = np.asarray(room.rir[0][0])
        direct = int(np.argmax(np.abs(response)))
        response = response[direct : direct + samples] / response[direct]
        row[: len(response)] = response
    with (
        replace_whole(path, "choose another folder with data.cache=DIR") as beside,
        beside.open("wb") as file,
    ):
        np.save(file, bank)
    return bank
