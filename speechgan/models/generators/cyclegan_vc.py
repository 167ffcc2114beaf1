"""The generators of CycleGAN-VC, CycleGAN-VC2 and MaskCycleGAN-VC."""

import torch
from torch import Tensor, nn

from speechgan.models.layers.gated import (
    GatedConv1d,
    GatedConv2d,
    ResidualBlock1d,
    pad_time,
    scale_widths,
)
from speechgan.models.layers.per_speaker import send_to_own


class Generator1D(nn.Module):
    """CycleGAN-VC (arXiv:1711.11293): gated one-dimensional convolutions over time.

    Two strided layers, six residual blocks, two upsampling layers by pixel shuffle. Deliberate
    difference: residual blocks are as wide inside as outside, where the paper's have 1024 channels.

    Args:
        bins: height of the image; this network takes them as channels.
        width: channels relative to the paper's 128, 256, 512.
        blocks: residual blocks.
        masked: not in this paper; see `Generator212D`.
        blurred: not in this paper: whether upsampling is smoothed; see
            `speechgan.models.layers.gated.blur`.
    """

    def __init__(
        self,
        bins: int,
        width: float = 1.0,
        blocks: int = 6,
        masked: bool = False,
        blurred: bool = False,
    ) -> None:
        super().__init__()
        first, second, third = scale_widths([128, 256, 512], width)
        self.masked = masked
        self.enter = GatedConv1d(bins * (2 if masked else 1), first, 15, normalised=False)
        self.down = nn.Sequential(
            GatedConv1d(first, second, 5, stride=2), GatedConv1d(second, third, 5, stride=2)
        )
        self.blocks = nn.Sequential(*(ResidualBlock1d(third, third) for _ in range(blocks)))
        self.up = nn.Sequential(
            GatedConv1d(third, third, 5, upscale=2, blurred=blurred),
            GatedConv1d(third, second, 5, upscale=2, blurred=blurred),
        )
        self.leave = nn.Conv1d(second, bins, 15, padding=7)

    def forward(self, image: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)`, frames a multiple of 4, to the same shape."""
        x = _with_mask(image, mask) if self.masked else image
        x = x.flatten(1, 2)
        return self.leave(self.up(self.blocks(self.down(self.enter(x)))))[:, None]


class Generator212D(nn.Module):
    """CycleGAN-VC2 (Kaneko et al. 2019, arXiv:1904.04631): 2-D at both ends, 1-D inside.

    With `masked` it is the generator of MaskCycleGAN-VC (Kaneko et al. 2021,
    arXiv:2102.12841), which has the mask of missing frames as a second input channel.

    Args:
        bins: height of the image, a multiple of 4.
        width: channels relative to the paper's 128, 256, 512.
        blocks: residual blocks.
        masked: whether there is a mask.
        blurred: not in these papers; as of `Generator1D`.
    """

    def __init__(
        self,
        bins: int,
        width: float = 1.0,
        blocks: int = 6,
        masked: bool = False,
        blurred: bool = False,
    ) -> None:
        super().__init__()
        if bins % 4:
            raise ValueError(f"{bins} bins: must be a multiple of 4")
        first, second, hidden = scale_widths([128, 256, 512], width)
        self.masked, self.rows = masked, bins // 4
        self.enter = GatedConv2d(2 if masked else 1, first, (5, 15), normalised=False)
        self.down = nn.Sequential(
            GatedConv2d(first, second, (5, 5), stride=2),
            GatedConv2d(second, second, (5, 5), stride=2),
        )
        self.narrow = nn.Sequential(
            nn.Conv1d(second * self.rows, second, 1), nn.InstanceNorm1d(second, affine=True)
        )
        self.blocks = nn.Sequential(*(ResidualBlock1d(second, hidden) for _ in range(blocks)))
        self.widen = nn.Sequential(
            nn.Conv1d(second, second * self.rows, 1),
            nn.InstanceNorm1d(second * self.rows, affine=True),
        )
        self.up = nn.Sequential(
            GatedConv2d(second, second, (5, 5), upscale=2, blurred=blurred),
            GatedConv2d(second, first, (5, 5), upscale=2, blurred=blurred),
        )
        self.leave = nn.Conv2d(first, 1, (5, 15), padding=(2, 7))

    def forward(self, image: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)`, frames a multiple of 4, to the same shape."""
        x = _with_mask(image, mask) if self.masked else image
        x = self.down(self.enter(x))
        x = self.widen(self.blocks(self.narrow(x.flatten(1, 2))))
        return self.leave(self.up(x.unflatten(1, (-1, self.rows))))


ARCHITECTURES: dict[str, type[nn.Module]] = {"1d": Generator1D, "2-1-2d": Generator212D}


class TwoWay(nn.Module):
    """A generator for each direction between two speakers.

    Args:
        bins: height of the image.
        speakers: 2.
        architecture: `1d` or `2-1-2d`.
        width, blocks, masked, blurred: of both.

    Raises:
        ValueError: another number of speakers, or no such architecture.
    """

    multiple = 4
    needs_source = False

    def __init__(
        self,
        bins: int,
        speakers: int = 2,
        architecture: str = "2-1-2d",
        width: float = 1.0,
        blocks: int = 6,
        masked: bool = False,
        blurred: bool = False,
    ) -> None:
        super().__init__()
        if speakers != 2:
            raise ValueError(
                f"{speakers} speakers: this system is of two; name them, data.speakers=[a,b]"
            )
        if architecture not in ARCHITECTURES:
            raise ValueError(f"no architecture {architecture!r}; known: {sorted(ARCHITECTURES)}")
        build = ARCHITECTURES[architecture]
        self.masked = masked
        # Indexed by the number of the target speaker.
        self.towards = nn.ModuleList(
            build(bins, width=width, blocks=blocks, masked=masked, blurred=blurred)
            for _ in range(2)
        )

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` of the other speaker in the targets' voices `(batch,)`."""
        padded = pad_time(image, self.multiple)
        return send_to_own(list(self.towards), padded, target)[..., : image.shape[-1]]


def _with_mask(image: Tensor, mask: Tensor | None) -> Tensor:
    """The masked image and the mask as two channels; None masks nothing."""
    mask = torch.ones_like(image) if mask is None else mask
    return torch.cat([image * mask, mask], 1)
