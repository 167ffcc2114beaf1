"""Subtracts a DC offset, which recorders add and no generator was trained on; NumPy alone."""

import numpy as np

from speechgan.inference.enhancement.frames import Spectrum

OFFSET_SECONDS = 2.0
# The first frame lies before the sound for the most part, and tells less than the others.
FIRST_WEIGHT = 1e-3


class OffsetFilter:
    """Subtracts the mean of the last two seconds, the same for all samples of a frame.

    The first frames lie partly before the sound; there it is subtracted from the sound's samples
    alone, or it would make an edge. `speechgan.inference.enhancement.spectrum_step` does the same
    inside the graph of a causal generator.

    Args:
        window: of the frames, `(sample,)`.
        hop_length: step between them, in samples.
        sample_rate: in Hz.
        channels: of the sound.
    """

    def __init__(
        self, window: np.ndarray, hop_length: int, sample_rate: float, channels: int
    ) -> None:
        self.decay = np.float32(1 - hop_length / sample_rate / OFFSET_SECONDS)
        self.constants = np.fft.rfft(frames_of_one(window, hop_length)).astype(np.complex64)
        self.total = np.zeros(channels, np.float32)
        self.weight = np.float32(0)
        self.heard = 0

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        """The next frames `(channel, frame, bin)` to the same without the offset."""
        result = np.empty_like(spectrum)
        for frame, now in enumerate(spectrum.swapaxes(0, 1)):
            constant = self.constants[min(self.heard, len(self.constants) - 1)]
            weight = np.float32(1 if self.heard else FIRST_WEIGHT)
            self.total = self.decay * self.total + weight * now[:, 0].real / constant[0].real
            self.weight = self.decay * self.weight + weight
            self.heard += 1
            result[:, frame] = now - (self.total / self.weight)[:, None] * constant
        return result


def frames_of_one(window: np.ndarray, hop_length: int) -> np.ndarray:
    """The first windowed frames `(frame, sample)` of a sound that is 1 throughout, up to the first
    that lies wholly in the sound; all later ones are like it.
    """
    size = len(window)
    begins = size - hop_length * np.arange(1, size // hop_length + 1)
    sounding: np.ndarray = window * (np.arange(size) >= begins[:, None])
    return sounding
