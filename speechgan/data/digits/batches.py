"""Training batches of labelled images."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from speechgan.data.batch import Batch
from speechgan.data.digits.sequences import follow, join_seconds


@dataclass(frozen=True)
class LabelledBatch(Batch):
    """Images, their labels, and wrong labels.

    Attributes:
        image: `(batch, 1, bin, frame)` in [-1, 1].
        labels: `(batch, 2)` numbers of digit and speaker; of sequences `(batch, place, 2)`.
        others: of the same shape; both differ from the image's own if there is more than one.
    """

    image: Tensor
    labels: Tensor
    others: Tensor


class LabelledImages:
    """Images in numbered batches; a number always gives the same batch.

    Args:
        images: `(image, bin, frame)` in [-1, 1].
        labels: `(image, 2)` numbers of digit and speaker.
        counts: numbers of digits and of speakers.
        batch_size: items of a batch.
        shift: largest random shift of an item, in frames.
        image_seconds: length of an image.
        seed: of all random choices.
        sequence: number of images of one speaker, side by side, in an item.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        counts: tuple[int, int],
        batch_size: int,
        shift: int,
        image_seconds: float,
        seed: int,
        sequence: int = 1,
    ) -> None:
        self.images, self.labels, self.counts = images, labels, counts
        self.batch_size, self.shift, self.seed = batch_size, shift, seed
        self.sequence, self.seconds = sequence, batch_size * sequence * image_seconds

    def __getitem__(self, number: int) -> LabelledBatch:
        rng = np.random.default_rng([self.seed, number])
        first = rng.integers(len(self.images), size=self.batch_size)
        chosen = follow(first, self.labels[:, 1], self.sequence, rng)
        moved = rng.integers(-self.shift, self.shift + 1, size=chosen.shape)
        pairs = zip(chosen.flat, moved.ravel().tolist(), strict=True)
        seconds = np.stack([shift_frames(self.images[i], frames) for i, frames in pairs])
        images = join_seconds(seconds, self.sequence)
        labels = self.labels[first if self.sequence == 1 else chosen]
        steps = [rng.integers(1, max(2, n), size=labels.shape[:-1]) for n in self.counts]
        others = (labels + np.stack(steps, -1)) % np.array(self.counts)
        return LabelledBatch(
            torch.from_numpy(images)[:, None], torch.from_numpy(labels), torch.from_numpy(others)
        )


def shift_frames(image: np.ndarray, frames: int) -> np.ndarray:
    """Delays `(bin, frame)` by so many frames, filling up with silence."""
    moved = np.roll(image, frames, axis=1)
    moved[:, : max(0, frames)] = -1
    moved[:, image.shape[1] + min(0, frames) :] = -1
    return moved
