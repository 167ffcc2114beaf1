"""An image as a row of tokens, which are generated autoregressively."""

import math

import torch
from torch import Tensor, nn

from speechgan.models.layers.labels import LabelCode
from speechgan.models.layers.quantiser import Quantiser

STRIDE = 4
"""Frames of a token."""

# Size of a codebook entry: small, so that most entries are in use (arXiv:2110.04627).
SIZE = 16


class Residual(nn.Module):
    """A residual block of a convolution over three steps and one over one.

    Args:
        width: channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        wide, narrow = nn.Conv1d(width, width, 3, padding=1), nn.Conv1d(width, width, 1)
        self.layers = nn.Sequential(nn.ReLU(), wide, nn.ReLU(), narrow)

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, width, step)` to the same."""
        moved: Tensor = x + self.layers(x)
        return moved


class TokenCodec(nn.Module):
    """VQ-VAE along time (van den Oord et al. 2017, arXiv:1711.00937): a token for four frames.

    Deliberate differences: all bins of a frame are channels, so that there is one row of tokens;
    the decoder is conditioned on labels, so that tokens need not encode them. Nothing is normalised
    over the batch: tokens of an image are the same in training and at inference.

    Args:
        bins: of the image.
        vocabulary: how many tokens there are.
        width: channels.
        labels: digits, speakers and size of the embedding, as of `LabelCode`.
    """

    def __init__(
        self, bins: int, vocabulary: int, width: int, labels: tuple[int, int, int]
    ) -> None:
        super().__init__()
        self.labels = LabelCode(*labels)
        self.encoder = nn.Sequential(
            nn.Conv1d(bins, width, 4, 2, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, width, 4, 2, padding=1),
            Residual(width),
            nn.ReLU(),
            nn.Conv1d(width, SIZE, 1),
        )
        self.quantiser = Quantiser(vocabulary, SIZE)
        self.decoder = nn.Sequential(
            nn.Conv1d(SIZE + self.labels.size, width, 3, padding=1),
            Residual(width),
            nn.ReLU(),
            nn.ConvTranspose1d(width, width, 4, 2, padding=1),
            Residual(width),
            nn.ReLU(),
            nn.ConvTranspose1d(width, bins, 4, 2, padding=1),
        )

    def encode(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` to vectors `(batch, size, step)` to be quantised."""
        vectors: Tensor = self.encoder(image[:, 0])
        return vectors

    def decode(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Vectors `(batch, size, step)` to images, roughly within [-1, 1].

        A tanh would saturate at -1, where most points of an image are.
        """
        image: Tensor = self.decoder(beside(vectors, self.labels, labels))
        return image[:, None]


class TokenWriter(nn.Module):
    """The LSTM of SeqGAN (Yu et al. 2016, arXiv:1609.05473), with labels as input at every step.

    Args:
        vocabulary: how many tokens there are.
        width: of its state and of a token's embedding.
        labels: as of `TokenCodec`.
    """

    def __init__(self, vocabulary: int, width: int, labels: tuple[int, int, int]) -> None:
        super().__init__()
        self.start = vocabulary
        self.labels = LabelCode(*labels)
        self.embedding = nn.Embedding(vocabulary + 1, width)
        self.lstm = nn.LSTM(width + self.labels.size, width, batch_first=True)
        self.leave = nn.Linear(width, vocabulary)

    def predict(self, tokens: Tensor, labels: Tensor) -> Tensor:
        """Logits `(batch, step, token)` of each of `(batch, step)`, given those before it."""
        before = torch.cat([torch.full_like(tokens[:, :1], self.start), tokens[:, :-1]], 1)
        read = beside(self.embedding(before).transpose(1, 2), self.labels, labels)
        logits: Tensor = self.leave(self.lstm(read.transpose(1, 2))[0])
        return logits

    def draw(
        self, chances: Tensor, labels: Tensor, given: Tensor | None = None, kept: int | Tensor = 0
    ) -> Tensor:
        """Draws tokens `(batch, step)` one by one, each given those before it.

        Args:
            chances: uniform numbers `(batch, step)` in [0, 1]: the token is drawn at which the
                cumulative probability exceeds it.
            labels: `(batch, 2)`.
            given: tokens `(batch, step)`, of which the first `kept`, a number for all or
                `(batch,)`, are used in place of drawn ones.
        """
        token = torch.full_like(labels[:, 0], self.start)
        told = self.labels(chances[:, :0], labels)
        state = None
        drawn = []
        for step in range(chances.shape[1]):
            read = torch.cat([self.embedding(token), told], 1)
            out, state = self.lstm(read[:, None], state)
            passed = self.leave(out[:, 0]).softmax(-1).cumsum(-1) < chances[:, step, None]
            # The last sum may be rounded to below 1, and below the chance.
            token = passed.long().sum(-1).clamp(max=self.start - 1)
            if given is not None:
                token = torch.where(torch.as_tensor(step < kept), given[:, step], token)
            drawn.append(token)
        return torch.stack(drawn, 1)


class TokenGenerator(nn.Module):
    """Tokens from noise, and an image from tokens.

    The code has a standard normal number for each token; its cumulative probability is the uniform
    number that the token is drawn by, so the same code gives the same image.

    Args:
        bins: of the image.
        frames: of the image; a multiple of 4.
        vocabulary: how many tokens there are.
        width: channels of encoder and decoder, and of the state of the LSTM.
        digits, speakers: numbers of labels that it is conditioned on; 0 for none.
        embedding: size of a label's.

    Raises:
        ValueError: a number of frames that tokens do not fill, or fewer than two tokens.
    """

    def __init__(
        self,
        bins: int = 80,
        frames: int = 64,
        vocabulary: int = 128,
        width: int = 128,
        digits: int = 0,
        speakers: int = 0,
        embedding: int = 32,
    ) -> None:
        super().__init__()
        if frames % STRIDE or vocabulary < 2:
            raise ValueError(
                f"frames {frames}, vocabulary {vocabulary}: must be a multiple of {STRIDE}, and at "
                "least 2"
            )
        self.code, self.vocabulary = frames // STRIDE, vocabulary
        self.digits, self.speakers = digits, speakers
        labels = (digits, speakers, embedding)
        self.codec = TokenCodec(bins, vocabulary, width, labels)
        self.writer = TokenWriter(vocabulary, width, labels)

    def tokenise(self, image: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` to tokens `(batch, code)`."""
        return self.codec.quantiser.find(self.codec.encode(image))

    def read_out(self, tokens: Tensor, labels: Tensor) -> Tensor:
        """Tokens to images in [-1, 1]."""
        return self.codec.decode(self.codec.quantiser.look_up(tokens), labels).clamp(-1, 1)

    def rebuild(self, image: Tensor, labels: Tensor) -> Tensor:
        """Images `(batch, 1, bin, frame)` encoded and decoded."""
        return self.read_out(self.tokenise(image), labels)

    def draw(
        self, code: Tensor, labels: Tensor, given: Tensor | None = None, kept: int | Tensor = 0
    ) -> Tensor:
        """Tokens of a code `(batch, code)`; arguments as of `TokenWriter.draw`."""
        chances = (1 + torch.erf(code / math.sqrt(2))) / 2
        return self.writer.draw(chances, labels, given, kept)

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)` and `(batch, 2)` to `(batch, 1, bin, frame)` in [-1, 1]."""
        return self.read_out(self.draw(code, labels), labels)


def beside(x: Tensor, code: LabelCode, labels: Tensor) -> Tensor:
    """`(batch, channel, step)` with embedded labels as further channels, the same in all steps."""
    told = code(x[:, :0, 0], labels)
    return torch.cat([x, told[:, :, None].expand(-1, -1, x.shape[2])], 1)
