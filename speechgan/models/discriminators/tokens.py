"""A discriminator of rows of tokens: is a row real, and does it match its labels?"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from speechgan.models.discriminators.judgement import SLOPE, Judgement
from speechgan.models.layers.labels import LabelCode


class TokenDiscriminator(nn.Module):
    """The discriminator of SeqGAN (Yu et al. 2016, arXiv:1609.05473), which is the CNN of Kim 2014,
    arXiv:1408.5882: convolutions of several lengths over embedded tokens, and the greatest value of
    each along time.

    Deliberate differences: label embeddings are concatenated to those values, and a hidden layer
    follows instead of the paper's highway; rectifiers are leaky; zero padding shows where the row
    begins and ends. There is no dropout, which would make rewards noisy.

    Args:
        vocabulary: how many tokens there are.
        kernels: lengths of the convolutions.
        width: channels of each of them, of a token's embedding and of the hidden layer.
        digits, speakers: numbers of labels that it is conditioned on; 0 for none.
        embedding: size of a label's.
    """

    heads = ("joint",)

    def __init__(
        self,
        vocabulary: int = 128,
        kernels: Sequence[int] = (1, 2, 3, 4, 6),
        width: int = 64,
        digits: int = 0,
        speakers: int = 0,
        embedding: int = 32,
    ) -> None:
        super().__init__()
        self.labels = LabelCode(digits, speakers, embedding)
        self.told = self.labels.told
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, k, padding=k // 2) for k in kernels)
        self.join = nn.Linear(len(kernels) * width + self.labels.size, width)
        self.leave = nn.Linear(width, 1)

    def forward(self, tokens: Tensor, labels: Tensor) -> dict[str, list[Judgement]]:
        """`(batch, step)` and `(batch, 2)` to a judgement by the only head, `joint`."""
        features = self.trunk(tokens)
        scores = self.score(features[-1], labels)
        return {head: [(score, features)] for head, score in scores.items()}

    def trunk(self, tokens: Tensor) -> list[Tensor]:
        """`(batch, step)` to the only features, `(batch, channel)`."""
        x = self.embedding(tokens).transpose(1, 2)
        return [leaky_relu(torch.cat([layer(x).amax(2) for layer in self.layers], 1), SLOPE)]

    def score(self, seen: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Scores `(batch,)`, as of `ImageDiscriminator.score`."""
        joined = leaky_relu(self.join(self.labels(seen, labels)), SLOPE)
        return {"joint": self.leave(joined).flatten()}
