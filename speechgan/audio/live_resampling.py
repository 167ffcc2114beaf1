"""Another sample rate with as little delay as can be."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from speechgan.audio.formats import Wave

# Zero crossings of the filter on each side, and the edge of its band, of half the lower rate.
CROSSINGS, EDGE = 24, 0.94
# Places between two samples that are told apart: exact for whole rates in use.
MOST_PHASES = 20_000
# Products of sample and filter that lie in memory at a time.
MOST_PRODUCTS = 2**18


class LiveResampler:
    """From one rate to another while the sound is still being heard.

    A sinc under a Hann window around every sample. `Resampler` is better and cheaper, but collects
    up to 0.12 s before it answers; this waits for half its filter, 3 ms at 8 kHz.

    Args:
        from_rate, to_rate: in Hz.
        channels: of the blocks.
    """

    def __init__(self, from_rate: float, to_rate: float, channels: int) -> None:
        self.from_rate = from_rate
        self.ratio = (Fraction(from_rate) / Fraction(to_rate)).limit_denominator(MOST_PHASES)
        edge = EDGE * min(1.0, to_rate / from_rate)
        self.half = 0 if from_rate == to_rate else int(np.ceil(CROSSINGS / edge))
        phases = np.arange(self.ratio.denominator)[:, None] / self.ratio.denominator
        away = phases - np.arange(1 - self.half, self.half + 1)
        window = np.cos(np.pi / 2 * away / (self.half + 1)) ** 2
        self._filters = (edge * np.sinc(edge * away) * window).astype(np.float32)
        # Silence before the sound, then what samples to come are made of.
        self._buffer = np.zeros((channels, self.half), np.float32)
        self._dropped, self._made = -self.half, 0

    @property
    def delay(self) -> float:
        """Seconds from a sample's input to its output, at the latest."""
        return (self.half + 1) / self.from_rate if self.half else 0.0

    def __call__(self, wave: Wave) -> Wave:
        """`(channel, sample)` float32 to the samples that are ready, perhaps none."""
        if not self.half:
            return wave
        self._buffer = np.concatenate([self._buffer, wave], axis=1)
        heard = self._dropped + self._buffer.shape[1]
        steps, phases = self.ratio.numerator, self.ratio.denominator
        # So many samples have all of their filter heard.
        ends = max(self._made, (heard - self.half - 1) * phases // steps + 1)
        most = max(1, MOST_PRODUCTS // (2 * self.half))
        made = [np.zeros((len(wave), 0), np.float32)]
        for first in range(self._made, ends, most):
            made.append(self._make(np.arange(first, min(first + most, ends), dtype=np.int64)))
        self._made = ends
        kept = max(self._dropped, ends * steps // phases + 1 - self.half)
        self._buffer, self._dropped = self._buffer[:, kept - self._dropped :], kept
        return np.concatenate(made, axis=1)

    def _make(self, numbers: np.ndarray) -> Wave:
        """Those samples of the output, all of whose filters are heard."""
        place, phases = numbers * self.ratio.numerator, self.ratio.denominator
        taps = (place // phases - self._dropped + 1 - self.half)[:, None] + np.arange(2 * self.half)
        made: Wave = np.einsum("cst,st->cs", self._buffer[:, taps], self._filters[place % phases])
        return made

    @property
    def state(self) -> dict[str, np.ndarray]:
        """All that it remembers."""
        return {"waiting": self._buffer.copy(), "counts": np.array([self._dropped, self._made])}

    @state.setter
    def state(self, state: Mapping[str, np.ndarray]) -> None:
        self._buffer = np.array(state["waiting"])
        self._dropped, self._made = map(int, state["counts"])
