"""Spectra of any band through a network of one band."""

from typing import Any

import numpy as np

from speechgan.inference.enhancement.frames import Framing, Spectrum

SMOOTHING_SECONDS = 0.1


class UpperBand:
    """What becomes of the frequencies above those that a model knows.

    They are attenuated as the upper half of the model's band was, 4 to 8 kHz for the models that
    ship: by the root of the ratio of enhanced to noisy energy there, both averaged over the last
    `SMOOTHING_SECONDS`, so that music or breath do not come and go with single sounds. It is never
    raised. Below half the model's sample rate nothing is changed here.

    Args:
        framing: of the spectra.
        channels: each has its own gain.
        frame_seconds: step between frames.
    """

    def __init__(self, framing: Framing, channels: int, frame_seconds: float) -> None:
        self.known = framing.model_bins
        self.decay = np.float32(np.exp(-frame_seconds / SMOOTHING_SECONDS))
        # Enhanced and noisy energy; alike before anything is heard.
        self.energies: np.ndarray[Any, np.dtype[Any]] = np.zeros((channels, 2), np.float32)

    def __call__(self, noisy: Spectrum, enhanced: Spectrum) -> Spectrum:
        """The whole band's spectrum, of the noisy one and what the model made of its lower bins."""
        if noisy.shape[-1] <= self.known:
            return enhanced[..., : noisy.shape[-1]]
        upper_half = slice(self.known // 2, self.known)
        now = np.stack([energy(x[..., upper_half]) for x in (enhanced, noisy)], -1)
        gains = np.empty(now.shape[:2], np.float32)
        for frame in range(now.shape[1]):
            self.energies = self.decay * self.energies + (1 - self.decay) * now[:, frame]
            found, given = self.energies.T
            gains[:, frame] = np.sqrt(np.minimum(found / np.maximum(given, 1e-30), 1))
        return np.concatenate([enhanced, noisy[..., self.known :] * gains[..., None]], -1)


def widen(spectrum: Spectrum, framing: Framing) -> Spectrum:
    """The bins that a model takes: the lowest of a wider band, or a narrower one filled up."""
    lower = spectrum[..., : framing.model_bins]
    if framing.scale != 1:
        lower = lower * np.float32(framing.scale)
    missing = framing.model_bins - lower.shape[-1]
    if missing:
        lower = np.pad(lower, ((0, 0), (0, 0), (0, missing)))
    return np.ascontiguousarray(lower)


def share_mask(noisy: Spectrum, enhanced: Spectrum) -> Spectrum:
    """One complex mask for all channels, so that every source stays where it was heard.

    For each bin that mask which comes closest to all channels' own, in energy. Levels and phases
    between channels are then those of the input, exactly.
    """
    if len(noisy) == 1:
        return enhanced
    found = (enhanced * noisy.conj()).sum(0)
    mask = found / np.maximum(square(noisy).sum(0), 1e-30)
    shared: Spectrum = noisy * mask
    return shared


def energy(spectrum: Spectrum) -> np.ndarray:
    """`(channel, frame, bin)` to `(channel, frame)`."""
    total: np.ndarray = square(spectrum).sum(-1)
    return total


def square(spectrum: Spectrum) -> np.ndarray:
    """Squared magnitudes."""
    result: np.ndarray = spectrum.real**2 + spectrum.imag**2
    return result
