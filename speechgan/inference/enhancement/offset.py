"""Takes off a direct current, which recorders add and no generator was trained on; NumPy alone."""

import numpy as np

from speechgan.inference.enhancement.frames import Spectrum

OFFSET_SECONDS = 2.0
# The first frame lies half before the sound, and would tell half of the truth.
FIRST_WEIGHT = 1e-3


class OffsetFilter:
    """Subtracts the mean of the last two seconds, the same for all samples of a frame.

    So no edges come into being. `speechgan.inference.enhancement.spectrum_step` does the same
    inside the graph of a causal generator.

    Args:
        window: of the frames, `(sample,)`.
        frame_seconds: step between them.
        channels: of the sound.
    """

    def __init__(self, window: np.ndarray, frame_seconds: float, channels: int) -> None:
        self.decay = np.float32(1 - frame_seconds / OFFSET_SECONDS)
        self.constant = np.fft.rfft(window).astype(np.complex64)
        self.total = np.zeros(channels, np.float32)
        self.weight = np.float32(0)

    def __call__(self, spectrum: Spectrum) -> Spectrum:
        """The next frames `(channel, frame, bin)` to the same without a direct current."""
        found = spectrum[..., 0].real / self.constant[0].real
        offsets = np.empty_like(found)
        for frame, now in enumerate(found.T):
            weight = np.float32(FIRST_WEIGHT if self.weight == 0 else 1)
            self.total = self.decay * self.total + weight * now
            self.weight = self.decay * self.weight + weight
            offsets[:, frame] = self.total / self.weight
        result: Spectrum = spectrum - offsets[..., None] * self.constant
        return result
