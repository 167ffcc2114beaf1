"""The output of a discriminator for feature matching: its scores and features."""

from torch import Tensor, nn
from torch.nn import functional as F

Judgement = tuple[Tensor, list[Tensor]]
"""Scores of any shape, high for real, and the features of every layer before them."""

SLOPE = 0.1


def judge(x: Tensor, layers: nn.ModuleList, leave: nn.Module) -> Judgement:
    """Applies the layers, with a leaky rectifier after each, and `leave`, without one."""
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        features.append(x)
    return leave(x), features
