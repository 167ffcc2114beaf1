"""A generator of images in two stages, a coarse one and the full one."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.models.layers.dcgan import Trunk, coarse_shape, init_weights, rise
from speechgan.models.layers.labels import LabelCode, append_code
from speechgan.models.layers.normal import draw_code, split_normal

# Residual blocks; the paper has two for an image of 128 x 128.
BLOCKS = 2


@dataclass(frozen=True)
class Stage:
    """The output of a stage.

    Attributes:
        image: `(batch, 1, bin, frame)` in [-1, 1].
        mean, log_variance: of the distribution of its condition, `(batch, condition)`.
    """

    image: Tensor
    mean: Tensor
    log_variance: Tensor


class Condition(nn.Module):
    """The condition of a stage, made of the labels by conditioning augmentation.

    Args:
        digits, speakers, embedding: of `LabelCode`.
        drawn: whether it is drawn from the distribution that the labels give, or is its mean.
    """

    def __init__(self, digits: int, speakers: int, embedding: int, drawn: bool) -> None:
        super().__init__()
        self.labels, self.drawn = LabelCode(digits, speakers, embedding), drawn
        self.size = self.labels.size
        self.leave = nn.Linear(self.size, 2 * self.size)

    def forward(self, labels: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(batch, 2)` and standard normal `(batch, condition)` to condition, mean, log variance.

        Returns:
            Each `(batch, condition)`.
        """
        mean, log_variance = split_normal(self.leave(self.labels(noise[:, :0], labels)))
        condition = draw_code(mean, log_variance, noise) if self.drawn else mean
        return condition, mean, log_variance


class ResidualBlock(nn.Module):
    """Two normalised convolutions of 3 x 3, added to the input.

    Args:
        channels: of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()),
            *(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)),
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, height, width)`, the same shape."""
        return torch.relu(x + self.layers(x))


class Refiner(nn.Module):
    """Stage II: a coarse image and a condition to an image of twice the size.

    Args:
        condition: its size.
        widths: channels of the map in which both are joined, and after each upsampling but the
            last.
    """

    def __init__(self, condition: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.trunk = Trunk(widths[-2::-1])
        meet = nn.Conv2d(widths[0] + condition, widths[0], 3, padding=1)
        self.meet = nn.Sequential(meet, nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.blocks = nn.Sequential(*(ResidualBlock(widths[0]) for _ in range(BLOCKS)))
        self.layers = rise(widths)
        self.apply(init_weights)

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` and `(batch, condition)` to twice as many bins and frames."""
        seen = append_code(self.trunk(image)[-1], condition)
        made: Tensor = self.layers(self.blocks(self.meet(seen)))
        return made


class StackedGenerator(nn.Module):
    """The two generators of StackGAN (Zhang et al. 2017, arXiv:1612.03242).

    Stage I makes a coarse image, of half the size, from noise and a condition; Stage II makes the
    full one from that image and a condition, without noise. Conditioning augmentation: each stage's
    condition is drawn from a normal distribution that the labels give. Called like
    `ImageGenerator`: the code holds all random numbers, so the same code gives the same image.

    Deliberate differences: each stage learns label embeddings of its own, where the paper has a
    pretrained one of text; Stage II upsamples by transposed convolutions, where the paper repeats
    points and convolves, so that it differs from `ImageGenerator` in its stages alone.

    Args:
        bins, frames: size of the full image; a multiple of 2 to the power of the number of widths.
        noise: size of the noise of Stage I; the code is that and the draws of both conditions.
        widths: channels as of an `ImageGenerator` of the full image; Stage I has all but the last,
            Stage II all but the first.
        digits, speakers: numbers of labels that it is conditioned on; 0 for none.
        embedding: size of a label's; a condition is as large as those of all labels together.
        augmentation: 0 makes a condition its mean, and its part of the code is ignored. Any other
            value is the system's weight of the divergence, and does not matter here.

    Raises:
        ValueError: an image that cannot be halved so often, fewer than 3 widths, no labels.
    """

    def __init__(
        self,
        bins: int = 80,
        frames: int = 64,
        noise: int = 64,
        widths: Sequence[int] = (192, 96, 48, 24),
        digits: int = 10,
        speakers: int = 0,
        embedding: int = 32,
        augmentation: float = 1.0,
    ) -> None:
        super().__init__()
        coarse_shape(bins, frames, len(widths))
        if len(widths) < 3 or not digits + speakers:
            raise ValueError(
                f"{len(widths)} widths, {digits} digits, {speakers} speakers: two stages need at "
                "least 3 widths, and labels"
            )
        self.digits, self.speakers, self.augmentation = digits, speakers, augmentation
        told = (digits, speakers, embedding, bool(augmentation))
        self.first_condition, self.second_condition = Condition(*told), Condition(*told)
        size = self.first_condition.size
        self.parts = [noise, size, size]
        self.code = sum(self.parts)
        self.first = ImageGenerator(bins // 2, frames // 2, noise + size, widths[:-1])
        self.second = Refiner(size, widths[1:])

    def stages(self, code: Tensor, labels: Tensor) -> tuple[Stage, Stage]:
        """The output of both stages; there is no gradient from Stage II to Stage I.

        Args:
            code: `(batch, code)`, standard normal.
            labels: `(batch, 2)` numbers of digit and speaker.

        Returns:
            The coarse stage, of half the size, and the full one.
        """
        noise, one, other = code.split(self.parts, 1)
        condition, *first = self.first_condition(labels, one)
        coarse = self.first(torch.cat([noise, condition], 1), labels)
        condition, *second = self.second_condition(labels, other)
        full = self.second(coarse.detach(), condition)
        return Stage(coarse, *first), Stage(full, *second)

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)`, `(batch, 2)` to the full image `(batch, 1, bin, frame)` in [-1, 1]."""
        return self.stages(code, labels)[1].image
