"""Metrics of generated images of spoken digits, by a classifier of digit and speaker.

The classifier was trained on real recordings alone (`system=classifier`), and its weights are part
of the package, as safetensors; no generator was trained with it.
"""

from functools import cache
from importlib.resources import as_file, files
from itertools import pairwise

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

WEIGHTS = files("speechgan") / "weights" / "digit_classifier.safetensors"
DIGITS = tuple("0123456789")
SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
# Batch size of the classifier.
BATCH = 256
# Coverage: the neighbourhood of a real item reaches to this nearest neighbour.
NEIGHBOUR = 5
# A point of an image counts as sound above this, as tanh does not reach the -1 of silence.
SOUNDING = -0.9


class DigitClassifier(nn.Module):
    """Three convolutions with pooling; two classifications from the same features.

    Args:
        digits, speakers: numbers of classes.
        channels: of the first layer; each next one has twice as many.
        features: number of features.
        dropout: probability of dropping a feature in training.
    """

    def __init__(
        self,
        digits: int = len(DIGITS),
        speakers: int = len(SPEAKERS),
        channels: int = 24,
        features: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = [1, channels, 2 * channels, 4 * channels]
        for before, after in pairwise(widths):
            conv = nn.Conv2d(before, after, 3, padding=1)
            layers += [conv, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d((5, 4)), nn.Flatten())
        self.enter = nn.Linear(20 * widths[-1], features)
        self.dropout = nn.Dropout(dropout)
        self.digit = nn.Linear(features, digits)
        self.speaker = nn.Linear(features, speakers)

    def features(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` in [-1, 1] to `(batch, feature)`."""
        return F.relu(self.enter(self.layers(image)))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of digits `(batch, digit)` and of speakers `(batch, speaker)`."""
        found = self.dropout(self.features(image))
        return self.digit(found), self.speaker(found)


class Verdict:
    """The classifier's result for some images.

    Attributes:
        digits, speakers: `(image,)` numbers of the most likely.
        features: `(image, feature)`.
    """

    def __init__(self, images: np.ndarray, judge: DigitClassifier | None = None) -> None:
        """`(image, bin, frame)` in [-1, 1], by the given classifier or the packaged one."""
        judge = judge or load_judge()
        parts = []
        with torch.no_grad():
            for batch in torch.from_numpy(np.asarray(images, np.float32))[:, None].split(BATCH):
                features = judge.features(batch)
                parts.append((features, judge.digit(features), judge.speaker(features)))
        features, digits, speakers = (torch.cat(part) for part in zip(*parts, strict=True))
        self.features = features.double().numpy()
        self.digits, self.speakers = digits.argmax(1).numpy(), speakers.argmax(1).numpy()


@cache
def load_judge() -> DigitClassifier:
    """The packaged classifier."""
    # Without initialisation, which would advance the random numbers of a training once in every
    # process, so that a resumed training would differ from an uninterrupted one.
    with torch.device("meta"):
        judge = DigitClassifier()
    with as_file(WEIGHTS) as path:
        judge.load_state_dict(load_file(path), assign=True)
    return judge.eval()


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Frechet distance of normal distributions fitted to two sets of features (Heusel et al. 2017,
    arXiv:1706.08500).

    Args:
        one, other: `(item, feature)`, two items at least.
    """
    means = one.mean(0) - other.mean(0)
    spreads = [np.cov(x, rowvar=False) for x in (one, other)]
    # By eigenvalues of symmetric matrices, which exist for constant features too.
    sizes, axes = np.linalg.eigh(spreads[0])
    root = (axes * np.sqrt(sizes.clip(min=0))) @ axes.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ spreads[1] @ root).clip(min=0)).sum()
    return float(means @ means + np.trace(spreads[0] + spreads[1]) - 2 * shared)


def frechet_joint_distance(
    made: tuple[np.ndarray, np.ndarray], real: tuple[np.ndarray, np.ndarray]
) -> float:
    """Frechet distance of features and labels together (DeVries et al. 2019, arXiv:1907.08175).

    Labels are one-hot, and scaled so that the norm of an item's labels is the mean norm of the real
    features.

    Args:
        made, real: features `(item, feature)`, and numbers of labels `(item, label)`.
    """
    (features, labels), (known, own) = made, real
    counts = np.maximum(labels.max(0), own.max(0)) + 1
    weight = np.linalg.norm(known, axis=1).mean() / np.sqrt(len(counts))

    def join(x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        one_hot = [np.eye(n)[column] for n, column in zip(counts, numbers.T, strict=True)]
        return np.concatenate([x, *(weight * columns for columns in one_hot)], 1)

    return frechet_distance(join(features, labels), join(known, own))


def variety(features: np.ndarray, labels: np.ndarray) -> float:
    """Mean distance of two items of the same label, over all pairs and labels.

    Args:
        features: `(item, feature)`.
        labels: `(item,)`; those of a single item are left out. NaN if none is left.
    """
    spreads = []
    for label in np.unique(labels):
        own = features[labels == label]
        if len(own) > 1:
            distance = np.linalg.norm(own[:, None] - own[None], axis=2)
            spreads.append(distance.sum() / (len(own) * (len(own) - 1)))
    return float(np.mean(spreads)) if spreads else float("nan")


def coverage(generated: np.ndarray, real: np.ndarray) -> float:
    """Share of real items with a generated one in their neighbourhood (Naeem et al. 2020,
    arXiv:2002.09797), which reaches to the fifth nearest neighbour among the real ones.

    Args:
        generated, real: `(item, feature)`.
    """
    among = np.linalg.norm(real[:, None] - real[None], axis=2)
    radius = np.sort(among, 1)[:, min(NEIGHBOUR, len(real) - 1)]
    nearest = np.linalg.norm(real[:, None] - generated[None], axis=2).min(1)
    return float((nearest <= radius).mean())


def detail(images: np.ndarray) -> float:
    """Sharpness of images: mean absolute difference of neighbouring frames, and of bands.

    Relative to the number of points with sound, which blur increases while differences decrease.

    Args:
        images: `(image, bin, frame)` in [-1, 1].
    """
    sounding = max(1, int((images > SOUNDING).sum()))
    return float(sum(np.abs(np.diff(images, axis=axis)).sum() for axis in (1, 2)) / sounding / 2)
