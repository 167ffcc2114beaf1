"""Critics that judge spectrograms."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude


class PatchCritic(nn.Sequential):
    """PatchGAN: a matrix of scores, one per patch (Isola et al. 2017).

    Convolutions of 4 x 4 with stride 2, leaky rectifiers of slope 0.2. Deliberate difference:
    spectral normalisation (Miyato et al. 2018) in place of batch normalisation, which would let
    the items of a batch see each other.

    Args:
        images: channels that are judged together.
        widths: channels of the strided layers.
    """

    def __init__(self, images: int, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        layers: list[nn.Module] = []
        for previous, width in zip((images, *widths), widths, strict=False):
            layers += [
                spectral_norm(nn.Conv2d(previous, width, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2),
            ]
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))
        super().__init__(*layers)


class Critic(nn.Module):
    """What a conditional GAN asks of a critic: called with condition and candidate, it scores.

    Attributes:
        reads: the view of a signal that it looks at, `image` or `wave`.
        heads: names of its scores.
        conditional_heads: those that see the condition.
    """

    reads: str
    heads: tuple[str, ...]
    conditional_heads: tuple[str, ...]

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores of any shape, high for good, by head."""
        raise NotImplementedError  # an abstract method: every critic has its own


class JointCritic(Critic):
    """Condition and candidate as two channels of one image, scored patch by patch.

    Follows the discriminator of pix2pix (Isola et al. 2017) on compressed magnitudes.
    """

    reads = "image"
    heads = ("joint",)
    conditional_heads = ("joint",)

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        super().__init__()
        self.joint = PatchCritic(2, tuple(widths))

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for good, by head."""
        pair = torch.cat([magnitude(condition.image), magnitude(candidate.image)], 1)
        return {"joint": self.joint(pair)}


class TwoHeadedCritic(Critic):
    """Two judgements: is the candidate clear, and does it match the noisy condition?

    The clarity head never sees the condition, so that it cannot excuse a blurred candidate by a
    hard input; the match head sees both. The heads share no weights, so that either score says why
    a candidate fails.
    """

    reads = "image"
    heads = ("clarity", "match")
    conditional_heads = ("match",)

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        super().__init__()
        self.clarity = PatchCritic(1, tuple(widths))
        self.match = PatchCritic(2, tuple(widths))

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for good, by head."""
        clear = magnitude(candidate.image)
        pair = torch.cat([magnitude(condition.image), clear], 1)
        return {"clarity": self.clarity(clear), "match": self.match(pair)}


class MetricCritic(nn.Module):
    """Guesses the normalised quality of a candidate from it and the clean reference.

    The discriminator of CMGAN (Cao et al. 2022), after MetricGAN (Fu et al. 2019): four strided
    convolutions with spectral and instance normalisation, the maximum over the plane, two linear
    layers and a sigmoid.

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
