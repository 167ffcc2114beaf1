"""A hierarchical auto-encoder of sequences of images."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.models.layers.dcgan import STRIDE, Trunk, coarse_shape
from speechgan.models.layers.normal import split_normal


class SequenceEncoder(nn.Module):
    """Mean and log variance of the code of a sequence.

    Each segment goes through the layers of an image encoder, then a bidirectional LSTM reads all
    segments; its last states, after layer normalisation (Ba et al. 2016, arXiv:1607.06450), without
    which it learns more slowly, give the code.

    Args:
        code: its size, and that of the LSTM in each direction.
        widths: channels of the layers.
        shape: height and width of a segment.
        segments: of a sequence.
    """

    def __init__(
        self, code: int, widths: Sequence[int], shape: tuple[int, int], segments: int
    ) -> None:
        super().__init__()
        self.segments, self.trunk = segments, Trunk(widths)
        height, width = coarse_shape(*shape, len(widths))
        self.enter = nn.Linear(widths[-1] * height * width, code)
        self.listen = nn.LSTM(code, code, batch_first=True, bidirectional=True)
        self.leave = nn.Sequential(nn.LayerNorm(2 * code), nn.Linear(2 * code, 2 * code))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """`(batch, 1, bin, frame)` to mean and log variance `(batch, code)`."""
        found = self.trunk(cut(image, self.segments))[-1].flatten(1)
        _, (last, _) = self.listen(self.enter(found).unflatten(0, (-1, self.segments)))
        return split_normal(self.leave(last.transpose(0, 1).flatten(1)))


class SequenceDecoder(nn.Module):
    """A sequence of images from a code, see `MusicVAE`.

    Args:
        code: its size.
        state: size of the LSTM's.
        widths: as of `ImageGenerator`.
        shape: height and width of the whole sequence.
        segments: of a sequence.
        hierarchy: whether segments are decoded one by one; otherwise it is flat.
    """

    def __init__(
        self,
        code: int,
        state: int,
        widths: Sequence[int],
        shape: tuple[int, int],
        segments: int,
        hierarchy: bool,
    ) -> None:
        super().__init__()
        bins, frames = shape
        # In the flat one a part is one column of the coarse image.
        part = frames // segments if hierarchy else STRIDE ** len(widths)
        self.parts, self.hierarchy = frames // part, hierarchy
        self.start = nn.Linear(code, 2 * state)
        self.conductor = nn.LSTM(code, state, batch_first=True)
        self.drawer = ImageGenerator(bins, part, state, widths)

    def forward(self, code: Tensor) -> Tensor:
        """`(batch, code)` to `(batch, 1, bin, frame)` in [-1, 1]."""
        hidden, cell = torch.tanh(self.start(code))[None].chunk(2, 2)
        told = code[:, None].expand(-1, self.parts, -1)
        embeddings, _ = self.conductor(told, (hidden.contiguous(), cell.contiguous()))
        coarse = self.drawer.begin(embeddings.flatten(0, 1))
        if self.hierarchy:
            return join(self.drawer.refine(coarse), self.parts)
        return self.drawer.refine(join(coarse, self.parts))


class MusicVAE(nn.Module):
    """MusicVAE (Roberts et al. 2018, arXiv:1803.05428) for images of words instead of notes.

    The code of the whole sequence initialises the conductor, an LSTM that makes one embedding for
    each segment; a segment is decoded from its embedding alone, so that the decoder cannot rely on
    earlier segments and ignore the code. The flat decoder that the paper compares it with
    (`hierarchy` False) is one LSTM over all steps: its steps are columns of the coarse image, 16
    frames where there are four widths, and the convolutions after it see all of them side by side.

    Deliberate differences: a segment is an image of a second, decoded at once by the decoder of
    `ImageAutoencoder` instead of note by note; outputs are not fed back, as they follow from the
    state; conductor and flat decoder have the code as input at every step, beside their first
    state, so that they differ in their number of steps alone; one layer of each LSTM instead of
    two; segments enter the encoder through layers of their own, and its last states are normalised;
    the prior has no free bits and no warm-up of its weight (see `Autoencoder`).

    Called like `ImageGenerator`, it generates; labels are ignored.

    Args:
        bins: height of the image.
        frames: width of the whole sequence, a multiple of `segments` and, within each, as of
            `ImageGenerator`.
        segments: of a sequence.
        code: size of the code.
        state: size of an embedding. The flat decoder needs a larger one for as many weights, since
            it decodes fewer points from each.
        widths: as of `ImageAutoencoder`.
        hierarchy: False for the flat decoder.

    Raises:
        ValueError: segments that do not divide the frames, or an image that cannot be halved so
            often.
    """

    digits = speakers = 0

    def __init__(
        self,
        bins: int = 80,
        frames: int = 256,
        segments: int = 4,
        code: int = 128,
        state: int = 256,
        widths: Sequence[int] = (256, 128, 64, 32),
        hierarchy: bool = True,
    ) -> None:
        super().__init__()
        if segments < 1 or frames % segments:
            raise ValueError(f"segments {segments}: must divide {frames} frames")
        self.code = code
        self.encoder = SequenceEncoder(code, widths[::-1], (bins, frames // segments), segments)
        self.decoder = SequenceDecoder(code, state, widths, (bins, frames), segments, hierarchy)

    def encode(self, image: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the code, see `SequenceEncoder`; labels are ignored."""
        mean, spread = self.encoder(image)
        return mean, spread

    def rebuild(self, image: Tensor, labels: Tensor) -> Tensor:
        """Sequences `(batch, 1, bin, frame)` encoded and decoded, by the means of their codes."""
        mean, _ = self.encode(image, labels)
        return self(mean, labels)

    def forward(self, code: Tensor, labels: Tensor) -> Tensor:
        """`(batch, code)` to `(batch, 1, bin, frame)` in [-1, 1]; labels are ignored."""
        made: Tensor = self.decoder(code)
        return made


def cut(x: Tensor, parts: int) -> Tensor:
    """`(batch, channel, height, parts * width)` to `(batch * parts, channel, height, width)`."""
    return x.unflatten(3, (parts, -1)).permute(0, 3, 1, 2, 4).flatten(0, 1)


def join(x: Tensor, parts: int) -> Tensor:
    """The inverse of `cut`."""
    return x.unflatten(0, (-1, parts)).permute(0, 2, 3, 1, 4).flatten(3)
