"""Layers with batch normalisation that can be fused for inference."""

import torch
from torch import Tensor, nn


class ConvNorm(nn.Module):
    """A convolution, then batch normalisation."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm: nn.Module = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """As the convolution."""
        return self.norm(self.conv(x))

    def fuse(self) -> None:
        """Folds the normalisation into the convolution."""
        fuse_into(self.conv, self.norm)
        self.norm = nn.Identity()


class LinearNorm(nn.Module):
    """A linear layer, then batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm: nn.Module = nn.BatchNorm1d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(row, inputs)` to `(row, outputs)`."""
        return self.norm(self.linear(x))

    def fuse(self) -> None:
        """Folds the normalisation into the linear layer."""
        fuse_into(self.linear, self.norm)
        self.norm = nn.Identity()


def fuse_into(layer: nn.Conv2d | nn.Linear, norm: nn.Module) -> None:
    """Folds batch normalisation, as of evaluation, into the weights of the layer before it."""
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None
    assert layer.bias is not None
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    layer.weight.mul_(gain.view(-1, *[1] * (layer.weight.ndim - 1)))
    layer.bias.sub_(norm.running_mean).mul_(gain).add_(norm.bias)
