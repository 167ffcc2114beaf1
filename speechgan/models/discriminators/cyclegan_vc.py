"""The discriminators of CycleGAN-VC, CycleGAN-VC2 and MaskCycleGAN-VC."""

import torch
from torch import Tensor, nn

from speechgan.models.layers.gated import GatedConv2d, scale_widths


class GatedDiscriminator(nn.Sequential):
    """That of CycleGAN-VC (arXiv:1711.11293): gated two-dimensional convolutions, one score.

    Deliberate differences: the last convolution's outputs are averaged over the image before the
    fully connected layer, where the paper flattens, which fixes the length of the input; no sigmoid
    follows.

    Args:
        width: channels relative to the paper's 128, 256, 512, 1024.
    """

    def __init__(self, width: float = 1.0) -> None:
        first, second, third, fourth = scale_widths([128, 256, 512, 1024], width)
        super().__init__(
            GatedConv2d(1, first, (3, 3), stride=(1, 2), normalised=False),
            GatedConv2d(first, second, (3, 3), stride=2),
            GatedConv2d(second, third, (3, 3), stride=2),
            GatedConv2d(third, fourth, (6, 3), stride=(1, 2), padding=(2, 1)),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(fourth, 1, 1),
        )


class GatedPatchDiscriminator(nn.Sequential):
    """That of CycleGAN-VC2 (arXiv:1904.04631) and MaskCycleGAN-VC: a score for each patch.

    Args:
        width: channels relative to the paper's 128, 256, 512, 1024.
    """

    def __init__(self, width: float = 1.0) -> None:
        first, second, third, fourth = scale_widths([128, 256, 512, 1024], width)
        super().__init__(
            GatedConv2d(1, first, (3, 3), normalised=False),
            GatedConv2d(first, second, (3, 3), stride=2),
            GatedConv2d(second, third, (3, 3), stride=2),
            GatedConv2d(third, fourth, (3, 3), stride=2),
            GatedConv2d(fourth, fourth, (1, 5)),
            nn.Conv2d(fourth, 1, (1, 3), padding=(0, 1)),
        )


KINDS: dict[str, type[nn.Module]] = {
    "whole": GatedDiscriminator,
    "patch": GatedPatchDiscriminator,
}


class TwoDiscriminators(nn.Module):
    """One for each speaker's voice and, for the two-step loss, one for each speaker's round trips.

    Args:
        kind: `whole` for one score, `patch` for many.
        width: of each, relative to the paper's.
        two_step: whether round trips are judged too (arXiv:1904.04631).
        hidden: not in these papers: share of frames and bins that are masked; see `Hide`.

    Raises:
        ValueError: no such kind, or a share out of its range.
    """

    def __init__(
        self, kind: str = "patch", width: float = 1.0, two_step: bool = True, hidden: float = 0.0
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"no kind of discriminator {kind!r}; known: {sorted(KINDS)}")

        def build() -> nn.Module:
            network = KINDS[kind](width)
            return nn.Sequential(Hide(hidden), network) if hidden else network

        self.of = nn.ModuleList(build() for _ in range(2))
        self.of_round_trip = nn.ModuleList(build() for _ in range(2)) if two_step else None


class Hide(nn.Module):
    """Masks a run of frames and a run of bins, at random places, of real and generated images.

    Differentiable augmentation (Zhao et al. 2020, arXiv:2006.10738) for small data sets: a
    discriminator soon memorises a few minutes of speech.

    Args:
        share: of the frames, and of the bins; from 0 to below 1.

    Raises:
        ValueError: out of that range.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"hidden {share}: must be from 0 to below 1")
        self.share = share

    def forward(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` of mean 0 to the same, masked by zeros, each item elsewhere."""
        for axis in (2, 3):
            size = image.shape[axis]
            length = round(self.share * size)
            first = torch.randint(0, size - length + 1, (len(image), 1), device=image.device)
            place = torch.arange(size, device=image.device)
            seen = (place < first) | (place >= first + length)
            image = image * seen.view(len(image), 1, *((-1, 1) if axis == 2 else (1, -1)))
        return image
