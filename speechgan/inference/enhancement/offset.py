"""Takes off a direct current, which recorders add and no generator was trained on; NumPy alone."""

import numpy as np

from speechgan.inference.enhancement.frames import Spectrum

OFFSET_SECONDS = 2.0
# The first frame lies half before the sound, and tells less than the others.
FIRST_WEIGHT = 1e-3


class OffsetFilter:
    """Subtracts the mean of the last two seconds, the same for all samples of a frame.

    So no edges come into being: of the first frame, only the samples that are sound have it taken
    off. `speechgan.inference.enhancement.spectrum_step` does the same inside the graph of a causal
    generator.

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
        sounding = np.arange(len(window)) >= len(window) - hop_length
        self.first_constant = np.fft.rfft(window * sounding).astype(np.complex64)
        self.constant = np.fft.rfft(window).astype(np.complex64)
        self.total = np.zeros(channels, np.float32)
        self.weight = np.float32(0)

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        """The next frames `(channel, frame, bin)` to the same without a direct current."""
        result = np.empty_like(spectrum)
        for frame, now in enumerate(spectrum.swapaxes(0, 1)):
            first = self.weight == 0
            constant = self.first_constant if first else self.constant
            weight = np.float32(FIRST_WEIGHT if first else 1)
            self.total = self.decay * self.total + weight * now[:, 0].real / constant[0].real
            self.weight = self.decay * self.weight + weight
            result[:, frame] = now - (self.total / self.weight)[:, None] * constant
        return result
