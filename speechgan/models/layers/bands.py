"""Layers over frequency bands: within each band along time, and between bands."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.fusable import ConvNorm, LinearNorm


class BandBlock(nn.Module):
    """A recurrence over time for each band, then a mixer of the bands of each frame."""

    def __init__(self, bands: int, channels: int, bidirectional: bool) -> None:
        super().__init__()
        directions = 2 if bidirectional else 1
        self.recurrence = nn.LSTM(channels, channels, batch_first=True, bidirectional=bidirectional)
        self.project = LinearNorm(directions * channels, channels)
        self.spread = nn.Linear(bands, 2 * bands)
        self.gather = nn.Linear(2 * bands, bands)
        self.mix = LinearNorm(channels, channels)

    def forward(self, x: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(band * batch * frame, channel)` and memory `(batch, band, channel)`, to the same."""
        batch, bands, channels = hidden.shape
        sounds = x.view(bands * batch, -1, channels)
        if self.recurrence.bidirectional:
            y, _ = self.recurrence(sounds)
        else:
            h, c = (part.transpose(0, 1).reshape(1, -1, channels) for part in (hidden, cell))
            y, (h, c) = self.recurrence(sounds, (h, c))
            hidden, cell = (part.view(bands, batch, channels).transpose(0, 1) for part in (h, c))
        x = x + self.project(y.flatten(0, 1))
        y = F.silu(join(self.spread.weight, x, self.spread.bias))
        return x + self.mix(join(self.gather.weight, y, self.gather.bias)), hidden, cell


def join(weight: Tensor, x: Tensor, bias: Tensor | None = None) -> Tensor:
    """A linear layer on the bands of `(band * ..., channel)` or `(band, ..., channel)`.

    Returns:
        Rows of channels `(band * ..., channel)`, with as many bands as the weight has rows.
    """
    bands = x.reshape(weight.shape[1], -1)
    y = weight @ bands if bias is None else torch.addmm(bias[:, None], weight, bands)
    return y.view(-1, x.shape[-1])


class ResidualConv(nn.Module):
    """Convolution over frequency, within one frame or a span of them, added to its input."""

    def __init__(self, channels: int, span: int) -> None:
        super().__init__()
        padding = (span // 2, 1)
        self.conv = ConvNorm(nn.Conv2d(channels, channels, (span, 3), padding=padding))

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frame, frequency)` to the same shape."""
        return x + F.silu(self.conv(x))


def mel_hats(subbands: int, bands: int) -> Tensor:
    """`(bands, subbands)`: triangles over 0 to 8 kHz that sum to one at every subband.

    Their peaks are spaced evenly on the mel scale, but one subband apart at least.
    """
    # NumPy: on the device `meta`, for checks of sizes, PyTorch's functions import for a second.
    even = 700 / 8000 * ((1 + 8000 / 700) ** np.linspace(0, 1, bands) - 1) * (subbands - 1)
    peaks = np.maximum(even, np.arange(bands))
    place = np.arange(subbands)
    above = np.searchsorted(peaks, place).clip(1, bands - 1)
    share = (place - peaks[above - 1]) / (peaks[above] - peaks[above - 1])
    hats = np.zeros((bands, subbands), np.float32)
    hats[above, place] = share
    hats[above - 1, place] = 1 - share
    return torch.from_numpy(hats)
