"""A differentiable distance after ESTOI."""

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.features.signal import Signal

SAMPLE_RATE, FRAME, HOP, FFT = 16000, 410, 205, 1024
LOWEST_BAND, BANDS, SEGMENT, RANGE_DB = 150.0, 15, 30, 40.0


class EstoiDistance(nn.Module):
    """One minus the extended short-time objective intelligibility, mean over items; 0 is equal.

    After Jensen & Taal (2016): envelopes of third-octave bands in segments of 384 ms, each
    segment's bands and then its frames normalised to mean 0 and norm 1, and correlated. As in the
    measure, frames 40 dB below the loudest of the clean signal are removed. Deliberate differences:
    frames of the same duration at 16 kHz instead of resampling to 10 kHz, and frames are removed
    from the envelopes, not from the waves. Items without a whole segment count as 0.

    Args:
        sample_rate: 16000, for which its frames and bands are defined.

    Raises:
        ValueError: another rate.
    """

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        super().__init__()
        if sample_rate != SAMPLE_RATE:
            raise ValueError(
                f"sample_rate={sample_rate}: the distance of ESTOI needs {SAMPLE_RATE}; train "
                "without it, system.closeness.estoi=0"
            )

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, mean over items."""
        # Waves shorter than one segment are padded by silence, whose frames are removed below.
        missing = max(0, FRAME + (SEGMENT - 1) * HOP - clean.wave.shape[1])
        waves = [F.pad(signal.wave, (0, missing)) for signal in (clean, made)]
        a, b = (band_envelopes(wave) for wave in waves)
        energy = frame_levels(waves[0])
        kept = energy > energy.amax(1, keepdim=True) - RANGE_DB
        order = torch.argsort((~kept).to(torch.uint8), dim=1, stable=True)[:, None]
        a, b = (
            normalise(x.gather(2, order.expand(-1, BANDS, -1)).unfold(2, SEGMENT, 1))
            for x in (a, b)
        )
        correlation = (a * b).sum((1, 3)) / SEGMENT
        segments = torch.arange(correlation.shape[1], device=a.device)
        whole = segments[None] + SEGMENT <= kept.sum(1, keepdim=True)
        distance = torch.where(whole, 1 - correlation, 0.0).sum(1)
        return (distance / whole.sum(1).clamp(min=1)).mean()


def band_envelopes(wave: Tensor) -> Tensor:
    """Magnitudes of third-octave bands, `(batch, sample)` to `(batch, BANDS, frame)`."""
    frames = wave.unfold(1, FRAME, HOP) * hann(wave.device)
    power = torch.view_as_real(torch.fft.rfft(frames, FFT)).square().sum(-1)
    return (power @ third_octaves(wave.device) + 1e-10).sqrt().transpose(1, 2)


def frame_levels(wave: Tensor) -> Tensor:
    """In decibels, `(batch, sample)` to `(batch, frame)`."""
    frames = wave.unfold(1, FRAME, HOP) * hann(wave.device)
    return 10 * torch.log10(frames.square().sum(-1) + 1e-12)


def normalise(segments: Tensor) -> Tensor:
    """`(batch, band, segment, frame)`: mean 0 and norm 1 over frames, then over bands."""
    for axis in (3, 1):
        segments = segments - segments.mean(axis, keepdim=True)
        segments = segments / (segments.square().sum(axis, keepdim=True) + 1e-12).sqrt()
    return segments


@lru_cache
def hann(device: torch.device) -> Tensor:
    """A Hann window without the zeros at its ends, as in the measure."""
    return torch.hann_window(FRAME + 2, periodic=False, device=device)[1:-1]


@lru_cache
def third_octaves(device: torch.device) -> Tensor:
    """`(bin, BANDS)`: which bins belong to which band, edges on the nearest bins."""
    centre = LOWEST_BAND * 2 ** (torch.arange(BANDS) / 3)
    edges = torch.stack([centre * 2 ** (-1 / 6), centre * 2 ** (1 / 6)])
    low, high = (edges * FFT / SAMPLE_RATE).round()
    bins = torch.arange(FFT // 2 + 1)[:, None]
    return ((bins >= low) & (bins < high)).float().to(device)
