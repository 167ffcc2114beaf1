"""Amplitude and phase in two streams, which can make what is not there to be masked."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.conv_next import ConvNeXtBlock, initialise

# Of the level: 0.05 in the compressed image is 87 dB below it in the wave, and what a frame of
# silence has for an amplitude, so that a sum of logarithms can fill it. Rounding errors, which
# compression makes large where a bin is almost zero, are small against it.
FLOOR = 0.05
# Square of the length below which two parts hardly are a direction: of less the angle is arbitrary.
SHORT = 0.01
# The most that the logarithm of a compressed amplitude rises by, from the floor to far above the
# level: an exponential that runs away early in training is cut off.
GREATEST_RISE = 8.0


class TwoStreamRestorer(nn.Module):
    """AP-BWE (Lu et al. 2024, arXiv:2401.06387), for images of any damage.

    Two streams of ConvNeXt blocks over time, whose channels all frequencies feed: one adds to the
    logarithm of the amplitude, one finds the phase by a pseudo real and a pseudo imaginary part,
    and before each block each stream is given the other. So amplitude and phase of an empty bin
    can be made from the whole of what surrounds it, where a mask could only scale nothing.

    Deliberate differences: the phase stream reads the image over its amplitude, which is nothing
    where nothing is known, and its two parts are added to that, as the other stream's output is
    added to the logarithm: at first both add zero, and the network gives its input, but for a
    floor of -87 dB. The arc tangent is left out, as the image needs cosine and sine of the angle,
    which are the two parts over their length. What a stream is given of the other is weighed by
    channel; plain sums would double with each block. Amplitudes are compressed, and over a level:
    the mean of those in `level_reach` frames on each side, each counting as much as it is loud, so
    that gaps do not count. So the output scales with the input, digital silence that is longer
    than that stays silence, and what a block of a long sound gives is what the whole gives.

    Args:
        bins: frequencies of the image.
        channels: of each stream.
        hidden: of the perceptrons in its blocks.
        blocks: of each stream.
        level_reach: frames on each side that tell the level.

    Attributes:
        context: frames on each side that an output depends on.

    Raises:
        ValueError: a number below 1.
    """

    reads = "image"
    causal = False
    level_invariant = True
    z_channels = 0
    multiple = 1

    def __init__(
        self,
        bins: int = 257,
        channels: int = 192,
        hidden: int = 384,
        blocks: int = 6,
        level_reach: int = 60,
    ) -> None:
        super().__init__()
        sizes = {"bins": bins, "channels": channels, "hidden": hidden, "blocks": blocks}
        for name, size in (sizes | {"level_reach": level_reach}).items():
            if size < 1:
                raise ValueError(f"{name} {size}: must be 1 or more")
        self.level_reach = level_reach
        self.amplitude = Stream(bins, bins, channels, hidden, blocks)
        self.phase = Stream(2 * bins, 2 * bins, channels, hidden, blocks)
        self.context = level_reach + 1 + blocks * ConvNeXtBlock.reach
        initialise(self)
        for stream in (self.amplitude, self.phase):
            nn.init.zeros_(stream.leave.weight)

    def forward(self, image: Tensor) -> Tensor:
        """Damaged to restored, `(batch, 2, frequency, frame)`."""
        square = image.square().sum(1)
        level = self.measure_level(square.sqrt())
        amplitude = (square + (FLOOR * level).square()).sqrt()
        # Where there is no level there is no amplitude either.
        least = torch.finfo(torch.float32).tiny
        loudness = torch.log((amplitude / level.clamp(min=least)).clamp(min=FLOOR))
        direction = image / amplitude.clamp(min=least)[:, None]
        a = self.amplitude.enter(loudness)
        b = self.phase.enter(direction.flatten(1, 2))
        for of_amplitude, of_phase in zip(self.amplitude.blocks, self.phase.blocks, strict=True):
            a, b = of_amplitude(a, b), of_phase(b, a)
        rise = self.amplitude.finish(a).clamp(max=GREATEST_RISE)
        parts = direction + self.phase.finish(b).unflatten(1, (2, -1))
        length = ((parts.square().sum(1, keepdim=True) + SHORT) / (1 + SHORT)).sqrt()
        return (amplitude * rise.exp())[:, None] * parts / length

    def measure_level(self, size: Tensor) -> Tensor:
        """Of amplitudes `(batch, frequency, frame)`, `(batch, 1, frame)`; 0 where all are 0."""
        mean = size.mean(1, keepdim=True)
        window = 2 * self.level_reach + 1
        powers = (F.avg_pool1d(x, window, 1, self.level_reach) for x in (mean.square(), mean))
        square, plain = powers
        return square / plain.clamp(min=torch.finfo(torch.float32).tiny)


class Stream(nn.Module):
    """What enters, passes the blocks, and leaves again, for one of the two.

    Args:
        inputs, outputs: channels of a frame outside.
        channels, hidden: of the blocks.
        blocks: how many.
    """

    def __init__(self, inputs: int, outputs: int, channels: int, hidden: int, blocks: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, channels, 3, padding=1)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.blocks = nn.ModuleList(ExchangeBlock(channels, hidden, blocks) for _ in range(blocks))
        self.last_norm = nn.LayerNorm(channels, eps=1e-6)
        self.leave = nn.Linear(channels, outputs)

    def enter(self, x: Tensor) -> Tensor:
        """`(batch, input, frame)` to `(batch, channel, frame)`."""
        entered: Tensor = self.norm(self.conv(x).transpose(1, 2)).transpose(1, 2)
        return entered

    def finish(self, x: Tensor) -> Tensor:
        """`(batch, channel, frame)` to `(batch, output, frame)`."""
        left: Tensor = self.leave(self.last_norm(x.transpose(1, 2))).transpose(1, 2)
        return left


class ExchangeBlock(nn.Module):
    """A `ConvNeXtBlock` on a stream that is given some of the other one.

    Args:
        channels, hidden: of the block.
        blocks: of the stream, each of which adds so much less at first.
    """

    def __init__(self, channels: int, hidden: int, blocks: int) -> None:
        super().__init__()
        self.given = nn.Parameter(torch.full((channels,), 0.5))
        self.block = ConvNeXtBlock(channels, hidden, 1 / blocks)

    def forward(self, x: Tensor, other: Tensor) -> Tensor:
        """Two of `(batch, channel, frame)` to the first, changed."""
        changed: Tensor = self.block(x + self.given[:, None] * other)
        return changed
