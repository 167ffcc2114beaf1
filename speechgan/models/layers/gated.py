"""Gated convolutions, the layers of CycleGAN-VC's and StarGAN-VC's networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Size = int | tuple[int, int]


class GatedConv1d(nn.Module):
    """Convolution, instance normalisation and gated linear unit (arXiv:1612.08083) over time.

    Args:
        inputs, outputs: channels.
        kernel: odd length.
        stride: in time.
        normalised: whether instance normalisation stands before the gate.
        upscale: pixel shuffle (arXiv:1609.05158) by this factor, before the normalisation.
        blurred: whether `blur` follows the shuffle.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        normalised: bool = True,
        upscale: int = 1,
        blurred: bool = False,
    ) -> None:
        super().__init__()
        self.upscale, self.blurred = upscale, blurred
        self.conv = nn.Conv1d(inputs, 2 * outputs * upscale, kernel, stride, kernel // 2)
        self.norm = nn.InstanceNorm1d(2 * outputs, affine=True) if normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, inputs, time)` to `(batch, outputs, time / stride * upscale)`."""
        x = self.conv(x)
        if self.upscale > 1:
            x = shuffle_time(x, self.upscale)
        if self.blurred:
            x = blur(x, 2)
        return F.glu(self.norm(x), dim=1)


class GatedConv2d(nn.Module):
    """As `GatedConv1d`, over frequency and time."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: tuple[int, int],
        stride: Size = 1,
        normalised: bool = True,
        upscale: int = 1,
        padding: tuple[int, int] | None = None,
        blurred: bool = False,
    ) -> None:
        super().__init__()
        self.blurred = blurred
        padding = padding or (kernel[0] // 2, kernel[1] // 2)
        self.conv = nn.Conv2d(inputs, 2 * outputs * upscale**2, kernel, stride, padding)
        self.shuffle = nn.PixelShuffle(upscale) if upscale > 1 else nn.Identity()
        self.norm = nn.InstanceNorm2d(2 * outputs, affine=True) if normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, inputs, frequency, time)` to `(batch, outputs, ...)`."""
        x = self.shuffle(self.conv(x))
        if self.blurred:
            x = blur(blur(x, 2), 3)
        return F.glu(self.norm(x), dim=1)


class GatedBatchNorm(nn.Module):
    """(Transposed) convolution, batch normalisation, gated linear unit, as in StarGAN-VC."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frequency, time)` to half as many channels."""
        return F.glu(self.norm(self.conv(x)), dim=1)


class ResidualBlock1d(nn.Module):
    """Gated convolution to `hidden` channels and plain one back, added to the input.

    Args:
        channels: of input and output.
        hidden: in between.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.gated = GatedConv1d(channels, hidden, 3)
        self.conv = nn.Conv1d(hidden, channels, 3, padding=1)
        self.norm = nn.InstanceNorm1d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, time)`, the same shape."""
        return x + self.norm(self.conv(self.gated(x)))


def blur(x: Tensor, axis: int) -> Tensor:
    """A filter of 1/4, 1/2, 1/4 along an axis.

    It removes the checkerboard artefact of a pixel shuffle by 2, a constant difference of odd and
    even places, whatever the weights (as by Sugawara, Shiota & Kiya 2018, arXiv:1806.02658). With a
    period of four frames of 5 ms, after two shuffles, that is a 50 Hz buzz in a voice, and
    discriminators of strided convolutions do not eliminate it.
    """
    along = (slice(None),) * axis
    before = torch.cat([x[*along, :1], x[*along, :-1]], axis)
    after = torch.cat([x[*along, 1:], x[*along, -1:]], axis)
    return x / 2 + (before + after) / 4


def shuffle_time(x: Tensor, factor: int) -> Tensor:
    """`(batch, channel * factor, time)` to `(batch, channel, time * factor)`."""
    batch, channels, time = x.shape
    x = x.view(batch, channels // factor, factor, time)
    return x.transpose(2, 3).reshape(batch, channels // factor, time * factor)


def pad_time(image: Tensor, multiple: int) -> Tensor:
    """Repeats the last frame up to a multiple of frames, and to four times that at least.

    Instance normalisation of a single frame is not defined, and of two frames it is 1 and -1 by the
    sign of their difference, which may be no more than an error of rounding.
    """
    missing = max(4 * multiple - image.shape[-1], -image.shape[-1] % multiple)
    return F.pad(image, (0, missing, 0, 0), mode="replicate") if missing else image


def scale_widths(widths: Sequence[int], width: float) -> list[int]:
    """Channels of a network that is `width` times as wide as its paper's, at least 4, even."""
    return [max(4, 2 * round(w * width / 2)) for w in widths]
