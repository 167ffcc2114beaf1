"""Spectra of any band through a network of one band."""

import numpy as np

from speechgan.inference.enhancement.frames import Framing, Spectrum


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
