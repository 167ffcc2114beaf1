"""Keeps enhanced sound within full scale."""

import numpy as np

from speechgan.audio import Wave


class Limiter:
    """Clips what exceeds full scale, or the loudest noisy sample so far where that is louder.

    What an enhancer takes away may have cancelled a part of the peaks, so that a sound recorded up
    to full scale comes out a little above it. Floating point above full scale stays as it is.

    Args:
        hop_length: in samples; peaks are kept per hop, so that blocks of any size give the same.
    """

    def __init__(self, hop_length: int) -> None:
        self.hop_length = hop_length
        self.ceiling = np.float32(1)
        self._peaks = np.zeros(0, np.float32)

    def hear(self, noisy: Wave) -> None:
        """Takes note of whole hops `(channel, sample)`."""
        hops = np.abs(noisy).reshape(len(noisy), -1, self.hop_length)
        self._peaks = np.concatenate([self._peaks, hops.max((0, 2), initial=0)])

    def __call__(self, enhanced: Wave) -> Wave:
        """Whole hops `(channel, sample)`, in the order in which they were heard."""
        count = enhanced.shape[1] // self.hop_length
        peaks, self._peaks = self._peaks[:count], self._peaks[count:]
        ceilings = np.maximum(np.maximum.accumulate(peaks), self.ceiling)
        self.ceiling = ceilings[-1]
        hops = enhanced.reshape(len(enhanced), count, self.hop_length)
        limits = ceilings[:, None]
        clipped: Wave = np.maximum(np.minimum(hops, limits), -limits)
        return clipped.reshape(enhanced.shape)
