"""ConvNeXt blocks over time."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNeXtBlock(nn.Module):
    """ConvNeXt (arXiv:2201.03545): depthwise convolution over time, a wide perceptron on frames.

    Args:
        channels: of input and output.
        hidden: of the perceptron.
        scale: of the residual branch, at the start of training.
    """

    reach = 3
    """Frames before and after that an output depends on."""

    def __init__(self, channels: int, hidden: int, scale: float) -> None:
        super().__init__()
        kernel = 2 * self.reach + 1
        self.depthwise = nn.Conv1d(channels, channels, kernel, padding=self.reach, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.widen = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frame)`, the same shape."""
        hidden = self.norm(self.depthwise(x).transpose(1, 2))
        return x + (self.scale * self.narrow(F.gelu(self.widen(hidden)))).transpose(1, 2)


def initialise(network: nn.Module) -> None:
    """Initialises convolutions and linear layers as ConvNeXt does."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv1d | nn.Linear):
            nn.init.trunc_normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
