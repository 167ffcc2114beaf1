"""Embedding of the watermark, block by block."""

from collections.abc import Iterable, Iterator

import numpy as np

from speechgan.audio.formats import Wave
from speechgan.audio.watermark.pattern import (
    CELL_SECONDS,
    CELLS,
    KEY,
    make_pattern,
    sort_bins,
)

# Gain of a cell, up or down; for its effects see docs/results.md.
DEPTH_DECIBELS = 2.0
FRAME_SECONDS = 0.016


class Embedder:
    """Marks one sound, in blocks of any length; memory does not grow with the sound.

    In frames of 16 ms, the cells of a pattern (125 Hz by 32 ms, repeated every 2.05 s) are
    amplified or attenuated by 2 dB. As nothing is added, silence stays silence, and changes are
    masked by the sound itself. A spread-spectrum watermark (Cox, Kilian, Leighton and Shamoon,
    1997, IEEE Transactions on Image Processing 6(12)), with gains of cells (Kirovski and Malvar,
    2003, IEEE Transactions on Signal Processing 51(4)).

    Args:
        sample_rate: in Hz; below 7 kHz, only those bands are marked that the sound has.
        channels: of the blocks; all get the same gains.
        key: of the pattern.
        decibels: gain, up or down; more is more audible and detected more reliably.
    """

    def __init__(
        self,
        sample_rate: float,
        channels: int,
        key: str = KEY,
        decibels: float = DEPTH_DECIBELS,
    ) -> None:
        self.sample_rate = sample_rate
        self._hop = hop = max(1, round(sample_rate * FRAME_SECONDS / 2))
        # Squares of overlapping windows add up to 1.
        self._window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
        band = sort_bins(2 * hop, sample_rate)
        self._bins = np.flatnonzero(band >= 0)
        changes = 10 ** (decibels * make_pattern(key) / 20) - 1
        self._changes = changes[band[self._bins]].T  # (cell, bin)
        # Half a frame of silence before the first sample, so that each sample is in two frames.
        self._heard = np.zeros((channels, hop))
        self._change = np.zeros((channels, hop))
        self._frames = 0
        self._ahead = hop

    def __call__(self, block: Wave) -> Wave:
        """`(channel, sample)` to the float32 samples that are ready, perhaps none.

        At most 16 ms are held back until the next block or `flush`.
        """
        hop = self._hop
        heard = np.concatenate([self._heard, block], axis=1)
        frames = max(0, heard.shape[1] // hop - 1)
        ready = frames * hop
        change = np.pad(self._change, ((0, 0), (0, ready)))
        if frames:
            halves = heard[:, : ready + hop].reshape(len(heard), frames + 1, hop)
            added = self._changes_of(np.concatenate([halves[:, :-1], halves[:, 1:]], axis=2))
            change[:, :ready] += added[..., :hop].reshape(len(heard), ready)
            change[:, hop:] += added[..., hop:].reshape(len(heard), ready)
        sound = heard[:, :ready]
        # A peak is not raised above full scale; one that is above already is not raised.
        limit = np.maximum(1, np.abs(sound))
        marked = np.clip(sound + change[:, :ready], -limit, limit)
        self._heard, self._change = heard[:, ready:], change[:, ready:]
        skipped = min(self._ahead, ready)
        self._ahead -= skipped
        return marked[:, skipped:].astype(np.float32)

    def flush(self) -> Wave:
        """The last samples; in total there are as many as in the input."""
        left = self._heard.shape[1] - self._ahead
        return self(np.zeros((len(self._heard), 3 * self._hop)))[:, :left]

    def _changes_of(self, frames: np.ndarray) -> np.ndarray:
        """The changes to add to frames `(channel, frame, sample)`."""
        numbers = self._frames + np.arange(frames.shape[1])
        self._frames += frames.shape[1]
        seconds = numbers * self._hop / self.sample_rate
        # Rounding must not assign a frame at the beginning of a cell to the cell before.
        cells = np.floor(seconds / CELL_SECONDS + 1e-6).astype(int) % CELLS
        spectrum = np.fft.rfft(frames * self._window)
        change = np.zeros_like(spectrum)
        change[..., self._bins] = spectrum[..., self._bins] * self._changes[cells]
        added: np.ndarray = np.fft.irfft(change, frames.shape[2]) * self._window
        return added


def embed_blocks(
    blocks: Iterable[Wave], sample_rate: float, channels: int, key: str = KEY
) -> Iterator[Wave]:
    """Marks a sound that comes in `(channel, sample)` blocks of any lengths; float32."""
    embedder = Embedder(sample_rate, channels, key)
    for block in blocks:
        yield embedder(block)
    yield embedder.flush()


def embed(wave: Wave, sample_rate: float, key: str = KEY) -> Wave:
    """Marks a whole sound.

    Args:
        wave: `(sample,)` or `(channel, sample)`, floating point, full scale at ±1.
        sample_rate: in Hz.
        key: of the pattern.

    Returns:
        The same shape, float32; beyond full scale only where the wave was.
    """
    whole = np.atleast_2d(wave)
    marked = np.concatenate(list(embed_blocks([whole], sample_rate, len(whole), key)), axis=1)
    return marked.reshape(np.shape(wave))
