"""The networks of StarGAN-VC: one generator for all speakers, told whom to become."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.gated import pad_time, scale_widths


class GatedBatchNorm(nn.Module):
    """(Transposed) convolution, batch normalisation, gated linear unit."""

    def __init__(self, conv: nn.Conv2d | nn.ConvTranspose2d) -> None:
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(conv.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frequency, time)` to half as many channels."""
        return F.glu(self.norm(self.conv(x)), dim=1)


class StarGenerator(nn.Module):
    """StarGAN-VC (Kameoka et al. 2018): convolutions down, the target's code on each way up.

    As in the paper, figure 3: kernels of 3x9, 4x8, 4x8, 3x5 and 9x5 down to 5 channels, the
    mirror of it up, gated, the code repeated over the plane and added as channels.

    Args:
        bins: height of the image, a multiple of 4.
        speakers: how many there are.
        width: channels relative to the paper's 32, 64, 128, 64, 5.
    """

    multiple = 4
    needs_source = False

    def __init__(self, bins: int, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        if bins % 4:
            raise ValueError(f"{bins} bins: must be a multiple of 4")
        a, b, c, d = scale_widths([32, 64, 128, 64], width)
        neck, rows = 5, bins // 4
        self.speakers = speakers
        self.down = nn.Sequential(
            GatedBatchNorm(nn.Conv2d(1, 2 * a, (3, 9), padding=(1, 4))),
            GatedBatchNorm(nn.Conv2d(a, 2 * b, (4, 8), 2, padding=(1, 3))),
            GatedBatchNorm(nn.Conv2d(b, 2 * c, (4, 8), 2, padding=(1, 3))),
            GatedBatchNorm(nn.Conv2d(c, 2 * d, (3, 5), padding=(1, 2))),
            GatedBatchNorm(nn.Conv2d(d, 2 * neck, (rows, 5), padding=(0, 2))),
        )
        n = speakers
        self.up = nn.ModuleList(
            [
                GatedBatchNorm(nn.ConvTranspose2d(neck + n, 2 * d, (rows, 5), padding=(0, 2))),
                GatedBatchNorm(nn.ConvTranspose2d(d + n, 2 * c, (3, 5), padding=(1, 2))),
                GatedBatchNorm(nn.ConvTranspose2d(c + n, 2 * b, (4, 8), 2, padding=(1, 3))),
                GatedBatchNorm(nn.ConvTranspose2d(b + n, 2 * a, (4, 8), 2, padding=(1, 3))),
            ]
        )
        self.leave = nn.ConvTranspose2d(a + n, 1, (3, 9), padding=(1, 4))

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` and targets `(batch,)` to the same shape."""
        frames = image.shape[-1]
        x = self.down(pad_time(image, self.multiple))
        code = F.one_hot(target, self.speakers).to(x)
        for layer in self.up:
            x = layer(append_code(x, code))
        return self.leave(append_code(x, code))[..., :frames]


class StarCritic(nn.Module):
    """The critic of StarGAN-VC: is this a voice, and that of the speaker of the code?

    Kernels of 3x9, 3x8, 3x8, 3x6 and the whole height, the code added to each. Deliberate
    difference: scores along time are returned, not their product, for any objective to average.

    Args:
        bins: height of the image.
        speakers: how many there are.
        width: channels relative to the paper's 32.
    """

    def __init__(self, bins: int, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        (a,) = scale_widths([32], width)
        n = speakers
        self.speakers = n
        self.layers = nn.ModuleList(
            [
                GatedBatchNorm(nn.Conv2d(1 + n, 2 * a, (3, 9), padding=(1, 4))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 8), (1, 2), padding=(1, 3))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 8), (1, 2), padding=(1, 3))),
                GatedBatchNorm(nn.Conv2d(a + n, 2 * a, (3, 6), (1, 2), padding=(1, 2))),
            ]
        )
        self.leave = nn.Conv2d(a + n, 1, (bins, 5), padding=(0, 2))

    def forward(self, image: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` and speakers `(batch,)` to scores `(batch, 1, 1, step)`."""
        code = F.one_hot(speaker, self.speakers).to(image)
        x = image
        for layer in self.layers:
            x = layer(append_code(x, code))
        return self.leave(append_code(x, code))


class StarClassifier(nn.Module):
    """The domain classifier of StarGAN-VC: who speaks?

    Kernels of 4x4, 4x4, 4x4, 3x4 and 1x4, gated, on the lowest coefficients. Deliberate
    difference: the logits along time are averaged, where the paper multiplies probabilities.

    Args:
        bins: height of the image.
        speakers: how many there are.
        width: channels relative to the paper's 8, 16, 32, 16.
        lowest: coefficients that it sees.
    """

    def __init__(self, bins: int, speakers: int, width: float = 1.0, lowest: int = 8) -> None:
        super().__init__()
        a, b, c, d = scale_widths([8, 16, 32, 16], width)
        self.lowest = min(lowest, bins)
        self.layers = nn.Sequential(
            GatedBatchNorm(nn.Conv2d(1, 2 * a, (4, 4), 2, padding=1)),
            GatedBatchNorm(nn.Conv2d(a, 2 * b, (4, 4), 2, padding=1)),
            GatedBatchNorm(nn.Conv2d(b, 2 * c, (4, 4), 2, padding=(1, 1))),
            GatedBatchNorm(nn.Conv2d(c, 2 * d, (3, 4), (1, 2), padding=(1, 1))),
            nn.Conv2d(d, speakers, (1, 4), (1, 2), padding=(0, 1)),
        )

    def forward(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` to logits `(batch, speaker)`."""
        return self.layers(image[:, :, : self.lowest]).mean((2, 3))


def append_code(x: Tensor, code: Tensor) -> Tensor:
    """Adds a code `(batch, speaker)` to every point of `(batch, channel, frequency, time)`."""
    plane = code[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, plane], 1)
