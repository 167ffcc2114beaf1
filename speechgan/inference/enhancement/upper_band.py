"""What becomes of the frequencies above those that a model knows."""

from typing import Any

import numpy as np

from speechgan.inference.enhancement.bands import energy, square
from speechgan.inference.enhancement.frames import Framing, Spectrum

BANDS = 8
SMOOTHING_SECONDS = 0.025
LEARNING_SECONDS = 0.1
# A frame teaches what noise is in so far as the model took more than 7 dB of it away.
PAUSE = 1 / 5
# Noise is subtracted so many times: what is left of it between sounds would be heard.
OVERSUBTRACTION = 1.5

Values = np.ndarray[Any, np.dtype[np.float32]]


class UpperBand:
    """Takes noise from the bands above a model's, by what the model did right below them.

    What lies there when the model takes down the upper half of its own band, 4 to 8 kHz for the
    models that ship, is learned as noise, in each of `BANDS` bands, and subtracted from then on
    (Boll 1979). No band is taken down further than the upper half of the model's is, so that what
    the model holds for speech is never lost above it, and none is ever raised. Below half the
    model's sample rate nothing is changed here.

    Args:
        framing: of the spectra.
        channels: each has its own gains.
        frame_seconds: step between frames.
    """

    def __init__(self, framing: Framing, channels: int, frame_seconds: float) -> None:
        self.known = framing.model_bins
        above = max(0, framing.bins - self.known)
        edges = np.linspace(0, above, min(BANDS, above) + 1).astype(int)
        self._starts, self._widths = edges[:-1], np.diff(edges)
        self._forget = np.float32(np.exp(-frame_seconds / SMOOTHING_SECONDS))
        self._learn = np.float32(1 - np.exp(-frame_seconds / LEARNING_SECONDS))
        # Energies: of the model's upper half, enhanced and noisy; of each band; of noise in each.
        self.energies: Values = np.zeros((channels, 2 + 2 * len(self._starts)), np.float32)

    def __call__(self, noisy: Spectrum, enhanced: Spectrum) -> Spectrum:
        """The whole band's spectrum, of the noisy one and what the model made of its lower bins."""
        if noisy.shape[-1] <= self.known:
            return enhanced[..., : noisy.shape[-1]]
        upper_half = slice(self.known // 2, self.known)
        halves = np.stack([energy(x[..., upper_half]) for x in (enhanced, noisy)], -1)
        upper = noisy[..., self.known :]
        bands = np.add.reduceat(square(upper), self._starts, axis=-1)
        gains = self._follow(np.concatenate([halves, bands], -1))
        return np.concatenate([enhanced, upper * np.repeat(gains, self._widths, axis=-1)], -1)

    def _follow(self, now: Values) -> Values:
        """Gains `(channel, frame, band)` of the next frames, given the energies in them."""
        count = now.shape[-1]
        heard, noise = self.energies[:, :count], self.energies[:, count:]
        learned = self._learn * np.maximum(1 - share(now) / PAUSE, 0)
        known = np.empty((*now.shape[:2], self.energies.shape[1]), np.float32)
        # Frame by frame only what depends on the frame before.
        for frame in range(now.shape[1]):
            heard += (1 - self._forget) * (now[:, frame] - heard)
            noise += learned[:, frame] * (now[:, frame, 2:] - noise)
            known[:, frame] = self.energies
        heard, noise = known[..., :count], known[..., count:]
        wanted = 1 - OVERSUBTRACTION * noise / np.maximum(heard[..., 2:], 1e-30)
        return np.sqrt(np.maximum(wanted, share(heard)))


def share(energies: Values) -> Values:
    """`(..., 1)`: what was left of the model's upper half, of its energy, at most all."""
    left: Values = np.minimum(energies[..., :1] / np.maximum(energies[..., 1:2], 1e-30), 1)
    return left
