"""Discriminators that judge spectrograms."""

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude
from speechgan.models.discriminators.base import Discriminator


class PatchDiscriminator(nn.Sequential):
    """PatchGAN: a matrix of scores, one per patch (Isola et al. 2017, arXiv:1611.07004).

    Convolutions of 4 x 4 with stride 2, leaky rectifiers of slope 0.2. Deliberate difference:
    spectral normalisation (arXiv:1802.05957) in place of batch normalisation, which would let
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


class JointDiscriminator(Discriminator):
    """Condition and candidate as two channels of one image, scored patch by patch.

    Follows the discriminator of pix2pix (arXiv:1611.07004) on compressed magnitudes.
    """

    reads = "image"
    heads = ("joint",)
    conditional_heads = ("joint",)

    def __init__(self, widths: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        super().__init__()
        self.joint = PatchDiscriminator(2, tuple(widths))

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for real, by head."""
        pair = torch.cat([magnitude(condition.image), magnitude(candidate.image)], 1)
        return {"joint": self.joint(pair)}


class TwoHeadedDiscriminator(Discriminator):
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
        self.clarity = PatchDiscriminator(1, tuple(widths))
        self.match = PatchDiscriminator(2, tuple(widths))

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for real, by head."""
        clear = magnitude(candidate.image)
        pair = torch.cat([magnitude(condition.image), clear], 1)
        return {"clarity": self.clarity(clear), "match": self.match(pair)}
