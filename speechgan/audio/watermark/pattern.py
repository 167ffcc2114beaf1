"""The pattern of a watermark: which cells of the spectrogram it makes louder, which softer."""

import hashlib

import numpy as np

# In Hz: what survives a telephone, MP3 at 64 kbit/s and most microphones, in bands of 125 Hz.
LOWEST, HIGHEST, BANDS = 312.5, 3437.5, 25
# Short enough to be told from syllables, which change the same bands more slowly.
CELL_SECONDS, CELLS = 0.032, 64
KEY = "speechgan"
"""What marks are made and found with unless another key is given; it is no secret."""


def make_pattern(key: str = KEY) -> np.ndarray:
    """The signs of a key, ±1, `(band, cell)`: louder or softer.

    Patterns of two keys agree in about half of the cells, so neither finds the other. They come
    from SHA-256, not from NumPy's generators, whose numbers may differ between versions.
    """
    digests = (
        hashlib.sha256(f"{key}/{n}".encode()).digest() for n in range(BANDS * CELLS // 256 + 1)
    )
    bits = np.unpackbits(np.frombuffer(b"".join(digests), np.uint8))
    return 2.0 * bits[: BANDS * CELLS].reshape(BANDS, CELLS) - 1.0


def sort_bins(samples: int, sample_rate: float) -> np.ndarray:
    """The band of each bin of a real Fourier transform of so many samples; -1 for those in none."""
    frequencies = np.fft.rfftfreq(samples, 1 / sample_rate)
    band = np.floor((frequencies - LOWEST) / (HIGHEST - LOWEST) * BANDS).astype(int)
    return np.where((band >= 0) & (band < BANDS), band, -1)
