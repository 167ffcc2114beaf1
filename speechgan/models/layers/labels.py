"""Label embeddings, and codes as further channels of an image."""

import torch
from torch import Tensor, nn


class LabelCode(nn.Module):
    """Embeddings of the labels that a network is conditioned on, to be appended to a code.

    Args:
        digits, speakers: numbers of labels; 0 where the network is not conditioned on that kind.
        size: of each embedding.
    """

    def __init__(self, digits: int = 0, speakers: int = 0, size: int = 32) -> None:
        super().__init__()
        self.told = find_told(digits, speakers)
        self.embeddings = nn.ModuleList(
            nn.Embedding(count, size) for count in (digits, speakers) if count
        )
        self.size = size * len(self.told)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Appends the embeddings of `(batch, 2)`, digit and speaker, to a code `(batch, code)`."""
        codes = [e(labels[:, place]) for e, place in zip(self.embeddings, self.told, strict=True)]
        return torch.cat([x, *codes], 1)


def find_told(digits: int, speakers: int) -> list[int]:
    """Places of the kinds of label with a count above 0: 0 for the digit, 1 for the speaker."""
    return [place for place, count in enumerate((digits, speakers)) if count]


def append_code(x: Tensor, code: Tensor) -> Tensor:
    """Concatenates a code `(batch, code)` to every point of `(batch, channel, height, width)`.

    Returns:
        `(batch, channel + code, height, width)`.
    """
    plane = code[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, plane], 1)
