"""Discriminators that judge spectrograms."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude
from speechgan.models.discriminators.base import Discriminator

Scale = Literal["compressed", "decibels"]
"""Input of a discriminator of images: compressed magnitudes, or their logarithm."""


class PatchDiscriminator(nn.Sequential):
    """PatchGAN: a matrix of scores, one per patch (Isola et al. 2017, arXiv:1611.07004).

    Convolutions of 4 x 4 with stride 2, leaky rectifiers of slope 0.2. Deliberate differences:
    spectral normalisation (arXiv:1802.05957) or none in place of batch normalisation, which would
    make the scores of a batch's items depend on each other; all layers are strided but the last,
    which is of 3 x 3, where the last two of the authors' code are of 4 x 4 and not strided; a
    quarter of the channels or fewer.

    Args:
        images: input channels.
        widths: channels of the strided layers.
        spectral: whether there is spectral normalisation, with which a discriminator is more stable
            and learns more slowly.

    Attributes:
        stride: bins and frames from one score to the next, which are also the fewest that it takes.
    """

    def __init__(
        self,
        images: int,
        widths: tuple[int, ...] = (16, 32, 48, 64),
        spectral: bool = True,
    ) -> None:
        layers: list[nn.Module] = []
        for previous, width in zip((images, *widths), widths, strict=False):
            layers += [nn.Conv2d(previous, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers.append(nn.Conv2d(widths[-1], 1, 3, padding=1))
        if spectral:
            layers = [spectral_norm(x) if isinstance(x, nn.Conv2d) else x for x in layers]
        super().__init__(*layers)
        self.stride = 2 ** len(widths)


class SpectrogramDiscriminator(Discriminator):
    """Base class of the discriminators of spectrograms: their input and patch networks.

    With compressed magnitudes, in place of pix2pix's pixels, residual noise in a pause is very
    small beside speech, and the input depends on the level of the sound; in decibels relative to
    the mean of the image, that noise is the largest difference from clean speech.

    Args:
        widths: channels of the strided layers of each head. Their number determines the receptive
            field of a score: with four 78 bins and frames, with seven 638, which is all of an image
            of up to 10 s.
        scale: of the input.
        spectral: see `PatchDiscriminator`.
        silence: floor of the scale in decibels, a compressed magnitude relative to the image's
            mean: 0.05 is about 90 dB below the mean, 0.2 about 46 dB.

    Raises:
        ValueError: an unknown scale, or a silence that is not above 0.
    """

    reads = "image"

    def __init__(
        self,
        widths: tuple[int, ...] = (16, 32, 48, 64),
        scale: Scale = "compressed",
        spectral: bool = True,
        silence: float = 0.05,
    ) -> None:
        super().__init__()
        if not silence > 0:
            raise ValueError(f"silence {silence}: must be above 0")
        if scale not in get_args(Scale):
            raise ValueError(f"scale {scale}: must be one of {', '.join(get_args(Scale))}")
        self.scale, self.silence = scale, silence
        for head in self.heads:
            images = 2 if head in self.conditional_heads else 1
            self.add_module(head, PatchDiscriminator(images, tuple(widths), spectral))

    def look(self, image: Tensor, reference: Tensor) -> Tensor:
        """An image in the chosen scale, `(batch, 1, frequency, frame)`, relative to a reference."""
        if self.scale == "compressed":
            return magnitude(image)
        return relative_level(magnitude(image), magnitude(reference), self.silence)

    def look_at_both(self, condition: Signal, candidate: Signal) -> Tensor:
        """Condition and candidate as two channels of one image."""
        images = (condition.image, candidate.image)
        return torch.cat([self.look(image, condition.image) for image in images], 1)


class JointDiscriminator(SpectrogramDiscriminator):
    """Condition and candidate as two channels of one image, scored patch by patch.

    Follows the discriminator of pix2pix (arXiv:1611.07004).
    """

    heads = ("joint",)
    conditional_heads = ("joint",)
    joint: PatchDiscriminator

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for real, by head."""
        return {"joint": self.joint(self.look_at_both(condition, candidate))}


class MapDiscriminator(JointDiscriminator):
    """A noisy image and a map of it, scored patch by patch: is it the ideal map?

    SalGAN's discriminator of pairs (Pan et al. 2017, arXiv:1701.01081). Deliberate difference: a
    score for each patch, by the layers of `PatchDiscriminator`, where SalGAN has pooling and a
    single score.
    """

    def look_at_both(self, condition: Signal, candidate: Signal) -> Tensor:
        """The condition in the chosen scale; the candidate's image is a map and stays as it is."""
        return torch.cat([self.look(condition.image, condition.image), candidate.image], 1)


class TwoHeadedDiscriminator(SpectrogramDiscriminator):
    """Two judgements: is the candidate clear, and does it match the noisy condition?

    The clarity head never sees the condition, so that it cannot excuse a blurred candidate by a
    hard input; the match head sees both. The heads share no weights, so that their scores show
    which of the two a candidate lacks.
    """

    heads = ("clarity", "match")
    conditional_heads = ("match",)
    clarity: PatchDiscriminator
    match: PatchDiscriminator

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1, patch, patch)`, high for real, by head."""
        return {
            "clarity": self.clarity(self.look(candidate.image, candidate.image)),
            "match": self.match(self.look_at_both(condition, candidate)),
        }


def relative_level(size: Tensor, reference: Tensor, silence: float) -> Tensor:
    """Logarithm of magnitudes `(batch, 1, frequency, frame)` over the mean of a reference's.

    Args:
        size, reference: magnitudes of the same shape.
        silence: added to the ratio.
    """
    usual = reference.mean((1, 2, 3), keepdim=True).clamp(min=1e-6)
    return (size / usual + silence).log()
