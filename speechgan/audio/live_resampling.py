"""Resampling with low delay."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from speechgan.audio.formats import Wave

# Zero crossings of the filter on each side.
CROSSINGS = 24
# Band edge of the filter, as a share of half the lower rate.
EDGE = 0.94
# Most phases of the filter: exact for the usual integer rates.
MOST_PHASES = 20_000
# Most products of sample and filter in memory at a time.
MOST_PRODUCTS = 2**18


class LiveResampler:
    """Resamples a live sound.

    By a sinc filter with a Hann window. `Resampler` is better and faster, but buffers up to 0.12 s;
    the delay of this one is half its filter, 3 ms at 8 kHz.

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
        # Input that later samples need; at first silence.
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
        # Number of output samples whose filters lie within the input so far.
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
        """The output samples of these numbers, whose filters lie within the input so far."""
        place, phases = numbers * self.ratio.numerator, self.ratio.denominator
        taps = (place // phases - self._dropped + 1 - self.half)[:, None] + np.arange(2 * self.half)
        made: Wave = np.einsum("cst,st->cs", self._buffer[:, taps], self._filters[place % phases])
        return made

    @property
    def state(self) -> dict[str, np.ndarray]:
        """The state of the stream."""
        return {"waiting": self._buffer.copy(), "counts": np.array([self._dropped, self._made])}

    @state.setter
    def state(self, state: Mapping[str, np.ndarray]) -> None:
        self._buffer = np.array(state["waiting"])
        self._dropped, self._made = map(int, state["counts"])
