"""Vector quantisation: vectors as entries of a codebook."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from speechgan.models.layers.neighbours import find_nearest


class Quantiser(nn.Module):
    """The quantiser of VQ-VAE (van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937).

    Each vector becomes the nearest entry of a codebook, with a straight-through gradient.
    Deliberate differences: vectors and entries have the length 1, which keeps most entries in use
    (Yu et al. 2021, arXiv:2110.04627), and an entry that a batch does not use is moved towards the
    vector nearest to it, so that none stays unused. That is a loss term, not a re-initialisation:
    averages of the weights follow, and all devices stay equal.

    Args:
        entries: of the codebook.
        size: of a vector.
    """

    def __init__(self, entries: int, size: int) -> None:
        super().__init__()
        # Shorter than 1, so that the first steps change their directions much.
        self.entries = nn.Parameter(0.1 * torch.randn(entries, size))

    def find(self, x: Tensor) -> Tensor:
        """Numbers `(batch, step)` of the entries nearest to `(batch, size, step)`."""
        vectors = normalize(x, dim=1).transpose(1, 2)
        nearest = find_nearest(vectors.flatten(0, 1), normalize(self.entries, dim=1))
        return nearest.view(vectors.shape[:2])

    def look_up(self, tokens: Tensor) -> Tensor:
        """The entries `(batch, size, step)` of `(batch, step)`."""
        return normalize(self.entries, dim=1)[tokens].transpose(1, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`(batch, size, step)` to entries of the same shape, and two loss terms.

        Returns:
            Entries, whose gradient goes to `x`; the loss of the codebook, and the commitment loss
            of `x`.
        """
        tokens = self.find(x)
        found, vectors = self.look_up(tokens), normalize(x, dim=1)
        book = (found - vectors.detach()).square().sum(1).mean() + self._wake(vectors, tokens)
        commitment = (vectors - found.detach()).square().sum(1).mean()
        return vectors + (found - vectors).detach(), book, commitment

    def _wake(self, vectors: Tensor, tokens: Tensor) -> Tensor:
        """Squared distance of unused entries from the nearest vectors, a mean over all entries."""
        heard = vectors.detach().transpose(1, 2).flatten(0, 1)
        book = normalize(self.entries, dim=1)
        idle = torch.ones(len(book), device=book.device).index_fill(0, tokens.flatten(), 0.0)
        nearest = heard[find_nearest(book, heard)[:, 0]]
        return (idle * (book - nearest).square().sum(1)).mean()
