"""Nearest-neighbour conversion: the target's own frames in place of the source's."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.models.layers.neighbours import find_nearest, stack_context


class NearestFrames(nn.Module):
    """Each frame becomes the mean of the target's most similar ones (kNN-VC, Baas et al. 2023,
    arXiv:2305.18975).

    Nothing is learned: the weights are the frames of the recordings.

    Deliberate difference: kNN-VC compares WavLM features, which depend little on the speaker, by
    cosine similarity. Here images normalised by their speakers' statistics are compared, with
    neighbouring frames, by Euclidean distance.

    Args:
        bins: height of the image.
        frames: how many each speaker has.
        deviation: of each bin; undoes the normalisation in the distance.
        offsets: of the frames that are compared; 0 is the frame itself.
        count: nearest frames whose mean is taken.

    Raises:
        ValueError: no offsets, or a count below 1.
    """

    multiple = 1
    needs_source = False

    def __init__(
        self,
        bins: int,
        frames: Sequence[int],
        deviation: Sequence[float],
        offsets: Sequence[int] = (-8, -4, 0, 4, 8),
        count: int = 4,
    ) -> None:
        super().__init__()
        if not offsets or count < 1:
            raise ValueError(f"offsets {list(offsets)}, count {count}: must be at least one")
        self.frames, self.offsets, self.count = list(frames), list(offsets), count
        self.register_buffer("bank", torch.zeros(bins, sum(self.frames)))
        self.register_buffer("deviation", torch.tensor(deviation)[:, None], persistent=False)
        self.bank: Tensor
        self.deviation: Tensor

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` and targets `(batch,)` to the same shape."""
        banks = self.bank.split(self.frames, 1)
        rows = zip(image[:, 0], target.tolist(), strict=True)
        return torch.stack([self._replace(item, banks[speaker]) for item, speaker in rows])[:, None]

    def _replace(self, image: Tensor, bank: Tensor) -> Tensor:
        queries, known = (stack_context(self.deviation * x, self.offsets) for x in (image, bank))
        return bank[:, find_nearest(queries, known, self.count)].mean(-1)
