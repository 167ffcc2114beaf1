"""The pattern of the watermark: cells of the spectrogram that are amplified or attenuated."""

import hashlib

import numpy as np

# Frequency range in Hz, which telephones, MP3 at 64 kbit/s and most microphones preserve.
LOWEST, HIGHEST = 312.5, 3437.5
# Number of bands, of 125 Hz.
BANDS = 25
# Duration of a cell: shorter than syllables, which change the same bands more slowly.
CELL_SECONDS = 0.032
# Cells of a period.
CELLS = 64
KEY = "speechgan"
"""The default key, which is no secret."""


def make_pattern(key: str = KEY) -> np.ndarray:
    """The signs of a key's gains, ±1, `(band, cell)`.

    Patterns of two keys agree in about half of the cells, so they are not confused. They come from
    SHA-256, not from NumPy's generators, whose numbers may differ between versions.
    """
    digests = (
        hashlib.sha256(f"{key}/{n}".encode()).digest() for n in range(BANDS * CELLS // 256 + 1)
    )
    bits = np.unpackbits(np.frombuffer(b"".join(digests), np.uint8))
    return 2.0 * bits[: BANDS * CELLS].reshape(BANDS, CELLS) - 1.0


def sort_bins(samples: int, sample_rate: float) -> np.ndarray:
    """The band of each bin of a real Fourier transform of so many samples; -1 for no band."""
    frequencies = np.fft.rfftfreq(samples, 1 / sample_rate)
    band = np.floor((frequencies - LOWEST) / (HIGHEST - LOWEST) * BANDS).astype(int)
    return np.where((band >= 0) & (band < BANDS), band, -1)
