"""Discriminators and classifiers of images: is an image real, and does it match its labels?"""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from speechgan.models.discriminators.judgement import Judgement
from speechgan.models.layers.dcgan import Trunk, coarse_shape, init_weights
from speechgan.models.layers.labels import LabelCode, append_code, find_told

HEADS = ("clear", "match", "joint", "projection")
"""Is it real; does it match its labels; both at once; both, as a sum over labels."""


class ImageDiscriminator(nn.Module):
    """The discriminator of DCGAN (arXiv:1511.06434), with one score or two.

    `clear` never sees the condition. `match` and `joint` do: the label embeddings, and the code
    where pairs of image and code are judged (BiGAN, Donahue et al. 2016, arXiv:1605.09782), are
    concatenated to every point of the coarse image, before a convolution of 1 x 1 (Reed et al.
    2016, arXiv:1605.05396). `projection` is the sum of an unconditional score and one for each
    label (Miyato & Koyama 2018, arXiv:1802.05637), so that it can judge combinations of labels that
    are not in the data. The heads share the trunk.

    Args:
        bins, frames: size of the image.
        heads: of `HEADS`.
        widths: channels of the trunk.
        digits, speakers: numbers of labels that it is conditioned on; 0 for none.
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
        self.heads, self.code, self.shape = tuple(heads), code, (bins, frames)
        self.trunk = Trunk(widths)
        self.told = find_told(digits, speakers)
        beside = {"match", "joint"} & set(heads)
        self.labels = LabelCode(*(digits, speakers) if beside else (0, 0), embedding)
        condition, shape = self.labels.size + code, coarse_shape(bins, frames, len(widths))
        if not self.told and not code and set(heads) != {"clear"}:
            raise ValueError(f"heads {', '.join(heads)}: need labels or a code, or be clear")
        if code and "projection" in heads:
            raise ValueError("head projection: is of labels; take joint where there is a code")
        self.scores = nn.ModuleList()
        for head in self.heads:
            if head == "projection":
                self.scores.append(ProjectedScore(widths[-1], shape, digits, speakers))
                continue
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
        """Scores `(batch,)` by head from the trunk's features, which can serve several labels."""
        condition = self.labels(seen.new_zeros(len(seen), 0) if code is None else code, labels)
        beside = append_code(seen, condition)
        inputs = {"clear": (seen,), "projection": (seen, labels)}
        return {
            head: score(*inputs.get(head, (beside,))).flatten()
            for head, score in zip(self.heads, self.scores, strict=True)
        }


class ProjectedScore(nn.Module):
    """An unconditional score of features, plus one of each label.

    Deliberate differences from the paper: features are not summed over the plane, since a digit is
    known by where they are; the trunk is DCGAN's, without spectral normalisation.

    Args:
        width: channels of the features.
        shape: their height and width.
        digits, speakers: numbers of labels; 0 where it is not conditioned on that kind.
    """

    def __init__(self, width: int, shape: tuple[int, int], digits: int, speakers: int) -> None:
        super().__init__()
        self.real = nn.Conv2d(width, 1, shape)
        self.of_label = LabelScores(width, shape, digits, speakers)

    def forward(self, seen: Tensor, labels: Tensor) -> Tensor:
        """`(batch, width, height, width)` and `(batch, 2)` to scores `(batch,)`."""
        score = self.real(seen).flatten()
        for place, found in self.of_label(seen).items():
            score = score + found.gather(1, labels[:, place, None]).flatten()
        return score


class CoarseDiscriminator(ImageDiscriminator):
    """`ImageDiscriminator` of images of half the size, the first stage of a stacked generator.

    Args:
        bins, frames: size of the full image.
        settings: of `ImageDiscriminator`.

    Raises:
        ValueError: see `ImageDiscriminator`.
    """

    def __init__(self, bins: int = 80, frames: int = 64, **settings: Any) -> None:
        super().__init__(bins // 2, frames // 2, **settings)


class ImageClassifier(nn.Module):
    """A classifier of digit and speaker that also returns its features.

    Args:
        digits, speakers: numbers of labels; 0 where that kind is not classified.
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
        self.leave = LabelScores(widths[-1], shape, digits, speakers)
        self.leave.apply(init_weights)

    @property
    def told(self) -> list[int]:
        """Places of the labels that it classifies, 0 for the digit and 1 for the speaker."""
        return self.leave.told

    def forward(self, image: Tensor) -> tuple[dict[int, Tensor], Tensor]:
        """`(batch, 1, bin, frame)` to logits and features.

        Returns:
            Logits `(batch, label)` by the label's place, 0 for the digit and 1 for the speaker, and
            features `(batch, channel, height, width)`.
        """
        found = self.trunk(image)[-1]
        return self.leave(found), found


class LabelScores(nn.ModuleList):
    """A score for every label, from features.

    Args:
        width: channels of the features.
        shape: their height and width.
        digits, speakers: numbers of labels; 0 where that kind is not scored.
    """

    def __init__(self, width: int, shape: tuple[int, int], digits: int, speakers: int) -> None:
        counts = (digits, speakers)
        super().__init__(nn.Conv2d(width, count, shape) for count in counts if count)
        self.told = find_told(digits, speakers)

    def forward(self, seen: Tensor) -> dict[int, Tensor]:
        """`(batch, width, height, width)` to `(batch, label)` by the label's place."""
        scores = [leave(seen).flatten(1) for leave in self]
        return dict(zip(self.told, scores, strict=True))
