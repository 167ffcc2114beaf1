"""Labels of an image as a code."""

import torch
from torch import Tensor, nn


class LabelCode(nn.Module):
    """An embedding of each label that a network is told, side by side.

    Args:
        digits, speakers: how many there are; 0 of a label that the network is not to know.
        size: of each embedding.
    """

    def __init__(self, digits: int = 0, speakers: int = 0, size: int = 32) -> None:
        super().__init__()
        self.told = [place for place, count in enumerate((digits, speakers)) if count]
        self.embeddings = nn.ModuleList(
            nn.Embedding(count, size) for count in (digits, speakers) if count
        )
        self.size = size * len(self.told)

    def forward(self, labels: Tensor) -> Tensor:
        """`(batch, 2)` numbers of digit and speaker to `(batch, size)`."""
        codes = [e(labels[:, place]) for e, place in zip(self.embeddings, self.told, strict=True)]
        return torch.cat(codes, 1) if codes else labels.new_zeros(len(labels), 0, dtype=torch.float)
