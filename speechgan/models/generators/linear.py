"""An affine map of frames for each pair of speakers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.models.layers.neighbours import stack_context


class LinearMaps(nn.Module):
    """Maps each frame with those around it by the matrix of its source and target.

    Starts as the identity.

    Args:
        bins: height of the image.
        speakers: how many there are.
        offsets: of the frames that a map's input consists of; 0 is the frame itself.

    Raises:
        ValueError: offsets without 0.
    """

    multiple = 1
    needs_source = True

    def __init__(
        self, bins: int, speakers: int, offsets: Sequence[int] = (-8, -4, 0, 4, 8)
    ) -> None:
        super().__init__()
        if 0 not in offsets:
            raise ValueError(f"offsets {list(offsets)}: must have 0, the frame itself")
        self.offsets, self.speakers = list(offsets), speakers
        start = torch.zeros(len(self.offsets), bins, bins)
        start[self.offsets.index(0)] = torch.eye(bins)
        start = torch.cat([start.flatten(0, 1), torch.zeros(1, bins)])
        self.maps = nn.Parameter(start.repeat(speakers, speakers, 1, 1))

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` and speakers `(batch,)` to the same shape.

        Raises:
            ValueError: no source is named.
        """
        if source is None:
            raise ValueError("maps are of pairs: name the source speaker")
        maps = self.maps.flatten(0, 1)[self.speakers * source + target]
        made = self.see(image[:, 0]) @ maps
        return made.transpose(-1, -2)[:, None]

    def see(self, image: Tensor) -> Tensor:
        """The maps' input: `(..., bin, frame)` to `(..., frame, bin * offset + 1)`."""
        seen = stack_context(image, self.offsets)
        return torch.cat([seen, torch.ones_like(seen[..., :1])], -1)
