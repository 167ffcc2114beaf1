"""Gated convolutions with batch normalisation, and a code that is given to every point."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class GatedBatchNorm(nn.Module):
    """(Transposed) convolution, batch normalisation, gated linear unit."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frequency, time)` to half as many channels."""
        return F.glu(self.norm(self.conv(x)), dim=1)


def append_code(x: Tensor, code: Tensor) -> Tensor:
    """Adds a code `(batch, speaker)` to every point of `(batch, channel, frequency, time)`."""
    plane = code[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, plane], 1)
