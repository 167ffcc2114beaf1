"""Is an image real, and is it what its label says?"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from speechgan.models.discriminators.judgement import Judgement
from speechgan.models.layers.dcgan import Trunk, coarse_shape, init_weights, put_beside
from speechgan.models.layers.labels import LabelCode

HEADS = ("clear", "match", "joint")
"""Is it real; does it match its labels; both at once."""


class ImageDiscriminator(nn.Module):
    """The discriminator of DCGAN (arXiv:1511.06434), with one score or two.

    `clear` never sees the condition. `match` and `joint` do: the embedded labels, and the code
    where pairs of image and code are judged (BiGAN, Donahue et al. 2016, arXiv:1605.09782), stand
    beside every point of the coarse image, which a convolution of 1 x 1 reads (Reed et al. 2016,
    arXiv:1605.05396). The heads share the trunk.

    Args:
        bins, frames: size of the image.
        heads: of `HEADS`.
        widths: channels of the trunk.
        digits, speakers: how many labels of each kind it is told; 0 for none.
        embedding: size of a label's.
        code: size of the code of pairs; 0 for images alone.

    Raises:
        ValueError: an unknown head, or one that sees a condition where there is none.
    """

    def __init__(
        self,
        bins: int = 80,
        frames: int = 64,
        heads: Sequence[str] = ("clear",),
        widths: Sequence[int] = (32, 64, 128, 256),
        digits: int = 0,
        speakers: int = 0,
        embedding: int = 32,
        code: int = 0,
    ) -> None:
        super().__init__()
        if not heads or set(heads) - set(HEADS):
            raise ValueError(f"heads {', '.join(heads) or 'none'}: must be of {', '.join(HEADS)}")
        self.heads, self.code = tuple(heads), code
        self.trunk = Trunk(widths)
        self.labels = LabelCode(digits, speakers, embedding)
        condition, shape = self.labels.size + code, coarse_shape(bins, frames, len(widths))
        if not condition and set(heads) != {"clear"}:
            raise ValueError(f"heads {', '.join(heads)}: need labels or a code, or be clear")
        self.scores = nn.ModuleList()
        for head in self.heads:
            leave = nn.Conv2d(widths[-1], 1, shape)
            enter = nn.Conv2d(widths[-1] + condition, widths[-1], 1)
            joined = [enter, nn.LeakyReLU(0.2), leave]
            self.scores.append(leave if head == "clear" else nn.Sequential(*joined))
        self.scores.apply(init_weights)

    def forward(
        self, image: Tensor, labels: Tensor, code: Tensor | None = None
    ) -> dict[str, list[Judgement]]:
        """`(batch, 1, bin, frame)`, `(batch, 2)`, and `(batch, code)` to a judgement by head."""
        features = self.trunk(image)
        scores = self.score(features[-1], labels, code)
        return {head: [(score, features)] for head, score in scores.items()}

    def score(self, seen: Tensor, labels: Tensor, code: Tensor | None = None) -> dict[str, Tensor]:
        """Scores `(batch,)` by head of what the trunk sees, so that one look serves many labels."""
        condition = self.labels(seen.new_zeros(len(seen), 0) if code is None else code, labels)
        beside = put_beside(seen, condition)
        return {
            head: score(seen if head == "clear" else beside).flatten()
            for head, score in zip(self.heads, self.scores, strict=True)
        }


class CoarseDiscriminator(ImageDiscriminator):
    """The same of images of half the size, which a stacked generator begins with.

    Args:
        bins, frames: size of the full image.
        settings: of `ImageDiscriminator`.

    Raises:
        ValueError: see `ImageDiscriminator`.
    """

    def __init__(self, bins: int = 80, frames: int = 64, **settings: Any) -> None:
        super().__init__(bins // 2, frames // 2, **settings)


class ImageClassifier(nn.Module):
    """Which digit an image is and who says it, and the features that it tells them by.

    Args:
        digits, speakers: how many labels there are of each kind; 0 where one is not told.
        bins, frames: size of the image.
        widths: channels of the trunk.
    """

    def __init__(
        self,
        digits: int,
        speakers: int,
        bins: int = 80,
        frames: int = 64,
        widths: Sequence[int] = (32, 64, 128, 256),
    ) -> None:
        super().__init__()
        self.trunk = Trunk(widths)
        shape = coarse_shape(bins, frames, len(widths))
        self.told = [place for place, count in enumerate((digits, speakers)) if count]
        self.leave = nn.ModuleList(
            nn.Conv2d(widths[-1], count, shape) for count in (digits, speakers) if count
        )
        self.leave.apply(init_weights)

    def forward(self, image: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """`(batch, 1, bin, frame)` to logits and features.

        Returns:
            Logits `(batch, label)` by the label's place, 0 for the digit and 1 for the speaker, and
            features `(batch, channel, height, width)`.
        """
        found = self.trunk(image)[-1]
        logits = [leave(found).flatten(1) for leave in self.leave]
        return dict(zip(self.told, logits, strict=True)), found
