"""Pre-emphasis as in SEGAN, and its inverse."""

import torch
from torch import Tensor
from torch.nn import functional as F

COEFFICIENT = 0.95
# Length of the inverse's impulse response, in samples: 0.95 ** 512 is 4e-12.
MEMORY = 512


def pre_emphasise(wave: Tensor) -> Tensor:
    """`y[n] = x[n] - 0.95 x[n - 1]`, `(batch, sample)`."""
    return wave - COEFFICIENT * F.pad(wave, (1, 0))[..., :-1]


def de_emphasise(wave: Tensor) -> Tensor:
    """Undoes `pre_emphasise`, `(batch, sample)`.

    By FFT convolution with the truncated impulse response, as a recursive filter would go through
    the samples one by one.
    """
    samples = wave.shape[-1]
    memory = min(MEMORY, samples)
    response = COEFFICIENT ** torch.arange(memory, device=wave.device, dtype=wave.dtype)
    length = 1 << (samples + memory - 1).bit_length()
    spectrum = torch.fft.rfft(wave, length) * torch.fft.rfft(response, length)
    return torch.fft.irfft(spectrum, length)[..., :samples]
