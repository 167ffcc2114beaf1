"""The reference level of speech for networks and metrics."""

import numpy as np

REFERENCE_LEVEL = 10 ** (-26 / 20)
"""Root mean square of -26 dBFS, where speech lies in telephony (ITU-T P.56)."""


def measure_level(wave: np.ndarray) -> float:
    """Root mean square of all samples, 0 for none."""
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) if wave.size else 0.0


def bring_to_level(wave: np.ndarray) -> np.ndarray:
    """A float32 wave at `REFERENCE_LEVEL`; silence stays silence."""
    level = measure_level(wave)
    return (wave * (REFERENCE_LEVEL / level) if level > 0 else wave).astype(np.float32)
