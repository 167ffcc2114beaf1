"""The discriminators of CycleGAN-VC, CycleGAN-VC2 and MaskCycleGAN-VC."""

from torch import nn

from speechgan.models.layers.gated import GatedConv2d, scale_widths


class GatedDiscriminator(nn.Sequential):
    """That of CycleGAN-VC (arXiv:1711.11293): gated two-dimensional convolutions, one score.

    Deliberate difference: where the paper flattens into a fully connected layer, which fixes the
    length of the input, the last layer's outputs are averaged over the image before it.

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


DISCRIMINATORS: dict[str, type[nn.Module]] = {
    "whole": GatedDiscriminator,
    "patch": GatedPatchDiscriminator,
}


KINDS: dict[str, type[nn.Module]] = {
    "whole": GatedDiscriminator,
    "patch": GatedPatchDiscriminator,
}


class TwoDiscriminators(nn.Module):
    """One for each speaker's voice and, for the two-step loss, one for each one's round trips.

    Args:
        kind: `whole` for one score, `patch` for many.
        width: of each, relative to the paper's.
        two_step: whether what has gone there and back is judged too (arXiv:1904.04631).

    Raises:
        ValueError: no such kind.
    """

    def __init__(self, kind: str = "patch", width: float = 1.0, two_step: bool = True) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"no kind of discriminator {kind!r}; known: {sorted(KINDS)}")
        build = KINDS[kind]
        self.of = nn.ModuleList(build(width) for _ in range(2))
        self.of_round_trip = nn.ModuleList(build(width) for _ in range(2)) if two_step else None
