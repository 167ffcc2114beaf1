"""A sound enhanced several times, its frames elsewhere each time."""

from collections.abc import Sequence

import numpy as np

from speechgan.audio import Wave
from speechgan.inference.enhancement.network import SoundRun
from speechgan.inference.enhancement.rounds import Steps
from speechgan.utils.errors import SpeechganError

MOST_SHIFTS = 16


class ShiftedSound:
    """The mean of what a network makes of a sound whose frames begin here, and a little earlier.

    Where frames begin says nothing of the speech: what errors depend on it average out. It is the
    cycle spinning of Coifman & Donoho (1995, Translation-Invariant De-Noising), over shifts
    by equal parts of a frame's step alone; later ones would repeat the frames.

    Args:
        runs: the sound's beginning, once for each shift.
        period: samples after which the frames repeat.
        channels: of the sound.
    """

    def __init__(self, runs: Sequence[SoundRun], period: int, channels: int) -> None:
        self._runs = runs
        self._earlier = [number * period // len(runs) for number in range(len(runs))]
        self._begun = False
        self._ready: list[Wave] = [np.zeros((channels, 0), np.float32) for _ in runs]
        # What each run is still to make of the samples before the sound.
        self._left = self._earlier.copy()

    def push(self, wave: Wave, ends: bool) -> Steps[Wave]:
        """The next samples `(channel, sample)` to those that are ready in every run."""
        for number, run in enumerate(self._runs):
            given = wave if self._begun else precede(wave, self._earlier[number])
            made = yield from run.push(given, ends)
            before = min(self._left[number], made.shape[1])
            self._left[number] -= before
            self._ready[number] = np.concatenate([self._ready[number], made[:, before:]], axis=1)
        self._begun = True
        count = min(ready.shape[1] for ready in self._ready)
        mean: Wave = np.mean([ready[:, :count] for ready in self._ready], axis=0)
        self._ready = [ready[:, count:] for ready in self._ready]
        return mean


def precede(wave: Wave, samples: int) -> Wave:
    """Samples before a sound, mirrored: silence would begin it with a click, if it begins loud."""
    return np.pad(wave, ((0, 0), (samples, 0)), "symmetric" if wave.shape[1] else "constant")


def check_shifts(shifts: int) -> int:
    """Refuses what is no number of shifts.

    Raises:
        SpeechganError: below 1, or too many.
    """
    if not 1 <= shifts <= MOST_SHIFTS:
        raise SpeechganError(f"shifts {shifts}: must be 1 to {MOST_SHIFTS}")
    return shifts
