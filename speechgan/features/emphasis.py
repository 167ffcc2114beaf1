"""Pre-emphasis, which lifts high frequencies as SEGAN has it, and its inverse."""

import torch
from torch import Tensor
from torch.nn import functional as F

COEFFICIENT = 0.95
# 0.95 ** 512 is 4e-12: what is left of an impulse after so many samples.
MEMORY = 512


def pre_emphasise(wave: Tensor) -> Tensor:
    """`y[n] = x[n] - 0.95 x[n - 1]`, `(batch, sample)`."""
    return wave - COEFFICIENT * F.pad(wave, (1, 0))[..., :-1]


def de_emphasise(wave: Tensor) -> Tensor:
    """Undoes `pre_emphasise`, `(batch, sample)`.

    The recursion's impulse response, cut where it has faded, is convolved by FFT: a recursive
    filter would walk through the samples one by one.
    """
    samples = wave.shape[-1]
    memory = min(MEMORY, samples)
    response = COEFFICIENT ** torch.arange(memory, device=wave.device, dtype=wave.dtype)
    length = 1 << (samples + memory - 1).bit_length()
    spectrum = torch.fft.rfft(wave, length) * torch.fft.rfft(response, length)
    return torch.fft.irfft(spectrum, length)[..., :samples]
