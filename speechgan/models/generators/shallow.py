"""A generator too shallow to lose the content."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ShallowGenerator(nn.Module):
    """Three convolutions over time with a skip: the input, corrected for the target.

    Its receptive field is 13 frames. The correction is zero before training, so that it starts as a
    conversion of mean and deviation.

    Args:
        bins: height of the image.
        speakers: how many there are.
        channels: of the hidden layers.
    """

    multiple = 1
    needs_source = False

    def __init__(self, bins: int, speakers: int, channels: int = 128) -> None:
        super().__init__()
        self.speakers = speakers
        self.enter = nn.Conv1d(bins + speakers, 2 * channels, 5, padding=2)
        self.middle = nn.Conv1d(channels + speakers, 2 * channels, 5, padding=2)
        self.leave = nn.Conv1d(channels, bins, 5, padding=2)
        nn.init.zeros_(self.leave.weight)
        if self.leave.bias is not None:
            nn.init.zeros_(self.leave.bias)

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` and targets `(batch,)` to the same shape."""
        x = image[:, 0]
        code = F.one_hot(target, self.speakers).to(x)[:, :, None].expand(-1, -1, x.shape[-1])
        hidden = F.glu(self.enter(torch.cat([x, code], 1)), 1)
        hidden = F.glu(self.middle(torch.cat([hidden, code], 1)), 1)
        return (x + self.leave(hidden))[:, None]
