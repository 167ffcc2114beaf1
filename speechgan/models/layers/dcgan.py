"""Layers of DCGAN's networks."""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

KERNEL, STRIDE = 4, 2


def coarse_shape(bins: int, frames: int, layers: int) -> tuple[int, int]:
    """Height and width of an image that so many layers have halved.

    Raises:
        ValueError: it cannot be halved so often.
    """
    parts = STRIDE**layers
    if bins % parts or frames % parts:
        raise ValueError(f"an image of {bins} x {frames} cannot be halved {layers} times")
    return bins // parts, frames // parts


class Trunk(nn.ModuleList):
    """Strided convolutions with leaky rectifiers of slope 0.2; the first is not normalised.

    Args:
        widths: channels of the layers.
        normalised: whether the others have batch normalisation.
    """

    def __init__(self, widths: Sequence[int], normalised: bool = True) -> None:
        super().__init__()
        for number, (before, after) in enumerate(pairwise((1, *widths))):
            norm = nn.BatchNorm2d(after) if number and normalised else nn.Identity()
            conv = nn.Conv2d(before, after, KERNEL, STRIDE, padding=1)
            self.append(nn.Sequential(conv, norm, nn.LeakyReLU(0.2)))
        self.apply(init_weights)

    def forward(self, image: Tensor) -> list[Tensor]:
        """`(batch, 1, bin, frame)` to the features of every layer."""
        features = []
        for layer in self:
            image = layer(image)
            features.append(image)
        return features


def rise(widths: Sequence[int]) -> nn.Sequential:
    """One transposed convolution for each width, each of which doubles the image; tanh at the end.

    Args:
        widths: channels of the input and after each layer but the last.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        double = nn.ConvTranspose2d(before, after, KERNEL, STRIDE, padding=1)
        layers += [double, nn.BatchNorm2d(after), nn.ReLU()]
    leave = nn.ConvTranspose2d(widths[-1], 1, KERNEL, STRIDE, padding=1)
    return nn.Sequential(*layers, leave, nn.Tanh())


def init_weights(module: nn.Module) -> None:
    """Normal with a deviation of 0.02, as in DCGAN; gains around 1."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)
