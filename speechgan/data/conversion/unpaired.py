"""Training batches for voice conversion: unpaired crops, and aligned ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from speechgan.data.batch import Batch


@dataclass(frozen=True)
class VoiceBatch(Batch):
    """Crops of source speakers and of target speakers.

    Images are normalised by their speakers' statistics.

    Attributes:
        source: `(batch, 1, bin, frame)`.
        source_speaker: `(batch,)` numbers of the speakers.
        target: the same shape; other sentences, unless the batch is of aligned pairs.
        target_speaker: `(batch,)`.
    """

    source: Tensor
    source_speaker: Tensor
    target: Tensor
    target_speaker: Tensor


class UnpairedCrops:
    """Random crops in numbered batches; a number always gives the same batch.

    Of two speakers the first is always the source and the second the target, so that each
    direction of a cycle sees its own domain; of more, both are drawn, and always differ if at
    least two have recordings.

    Args:
        images: normalised `(bin, frame)` images of each speaker's recordings; in fine-tuning a
            speaker of the model may have none.
        batch_size: items of a batch.
        frames: length of an item; a shorter recording is repeated.
        frame_seconds: from one frame to the next.
        seed: of all random choices.
    """

    def __init__(
        self,
        images: Sequence[Sequence[np.ndarray]],
        batch_size: int,
        frames: int,
        frame_seconds: float,
        seed: int,
    ) -> None:
        self.images, self.batch_size, self.frames, self.seed = images, batch_size, frames, seed
        self.seconds = batch_size * frames * frame_seconds
        lengths = [np.array([i.shape[1] for i in own], np.float64) for own in images]
        self.chances = [own / own.sum() for own in lengths]
        self.present = [number for number, own in enumerate(images) if own]

    def __getitem__(self, number: int) -> VoiceBatch:
        rng = np.random.default_rng([self.seed, number])
        pairs = np.array([self._draw_speakers(rng) for _ in range(self.batch_size)])
        source, target = (
            np.stack([self._crop(rng, int(speaker)) for speaker in side])[:, None]
            for side in pairs.T
        )
        numbers = torch.from_numpy(pairs)
        return VoiceBatch(
            torch.from_numpy(source), numbers[:, 0], torch.from_numpy(target), numbers[:, 1]
        )

    def _draw_speakers(self, rng: np.random.Generator) -> list[int]:
        if len(self.images) == 2 or len(self.present) == 1:
            return [self.present[0], self.present[-1]]
        return [int(n) for n in rng.choice(self.present, 2, replace=False)]

    def _crop(self, rng: np.random.Generator, speaker: int) -> np.ndarray:
        own = self.images[speaker]
        image = own[int(rng.choice(len(own), p=self.chances[speaker]))]
        if image.shape[1] < self.frames:
            image = np.tile(image, -(-self.frames // image.shape[1]))
        start = int(rng.integers(0, image.shape[1] - self.frames + 1))
        return image[:, start : start + self.frames].astype(np.float32)


class AlignedCrops:
    """Random crops of aligned pairs, for supervised baselines; see `UnpairedCrops`.

    Args:
        pairs: source and target `(bin, frame)`, normalised, the target warped to the source.
        batch_size: items of a batch.
        frames: length of an item.
        frame_seconds: from one frame to the next.
        seed: of all random choices.
    """

    def __init__(
        self,
        pairs: Sequence[tuple[np.ndarray, np.ndarray]],
        batch_size: int,
        frames: int,
        frame_seconds: float,
        seed: int,
    ) -> None:
        stacked = [np.stack(pair) for pair in pairs]
        self.pairs = [np.tile(p, -(-frames // p.shape[-1])) for p in stacked]
        self.batch_size, self.frames, self.seed = batch_size, frames, seed
        self.seconds = batch_size * frames * frame_seconds

    def __getitem__(self, number: int) -> VoiceBatch:
        rng = np.random.default_rng([self.seed, number])
        crops = np.stack([self._crop(rng) for _ in range(self.batch_size)])
        images = torch.from_numpy(crops)[:, :, None]
        zeros = torch.zeros(self.batch_size, dtype=torch.long)
        return VoiceBatch(images[:, 0], zeros, images[:, 1], zeros + 1)

    def _crop(self, rng: np.random.Generator) -> np.ndarray:
        pair = self.pairs[int(rng.integers(len(self.pairs)))]
        spare = pair.shape[-1] - self.frames
        start = int(rng.integers(0, spare + 1))
        return pair[..., start : start + self.frames].astype(np.float32)
