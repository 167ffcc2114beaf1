"""The critic of MetricGAN and CMGAN, which learns to predict the value of a metric."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude


class MetricCritic(nn.Module):
    """Predicts the normalised quality of a candidate from it and the clean reference.

    After CMGAN (Cao et al. 2022, arXiv:2203.15149) and MetricGAN (arXiv:1905.04874): four strided
    convolutions with spectral and instance normalisation, the maximum over the plane, two linear
    layers and a sigmoid. The maximum is as in CMGAN's code; its paper has the mean. Deliberate
    difference: the sigmoid's slope is not learned.

    Args:
        channels: of the first layer; the last has eight times as many.
    """

    def __init__(self, channels: int = 16) -> None:
        super().__init__()
        widths = [2, channels, 2 * channels, 4 * channels, 8 * channels]
        layers: list[nn.Module] = []
        for previous, width in pairwise(widths):
            layers += [
                spectral_norm(nn.Conv2d(previous, width, 4, stride=2, padding=1, bias=False)),
                nn.InstanceNorm2d(width, affine=True),
                nn.PReLU(width),
            ]
        self.body = nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Sequential(
            spectral_norm(nn.Linear(widths[-1], 4 * channels)),
            nn.Dropout(0.3),
            nn.PReLU(4 * channels),
            spectral_norm(nn.Linear(4 * channels, 1)),
            nn.Sigmoid(),
        )

    def forward(self, clean: Signal, candidate: Signal) -> Tensor:
        """Quality `(batch,)` in 0..1, where 1 is the clean reference itself."""
        pair = torch.cat([magnitude(clean.image), magnitude(candidate.image)], 1)
        return self.head(self.body(pair))[:, 0]
