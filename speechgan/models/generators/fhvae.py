"""Two codes for each short segment of speech: one of content, one of the voice."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.normal import split_normal


class SegmentEncoder(nn.Module):
    """Mean and log variance of a segment's code, from an LSTM's output at the last frame.

    Args:
        inputs: values of a frame.
        cells: of the LSTM.
        code: its size.
    """

    def __init__(self, inputs: int, cells: int, code: int) -> None:
        super().__init__()
        self.listen = nn.LSTM(inputs, cells, batch_first=True)
        self.leave = nn.Linear(cells, 2 * code)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`(segment, frame, inputs)` to mean and log variance `(segment, code)`."""
        _, (last, _) = self.listen(x)
        return split_normal(self.leave(last[0]).float())


class SegmentDecoder(nn.Module):
    """An LSTM with the codes as its input at every frame; see `SegmentEncoder`."""

    def __init__(self, codes: int, cells: int, bins: int) -> None:
        super().__init__()
        self.speak = nn.LSTM(codes, cells, batch_first=True)
        self.leave = nn.Linear(cells, 2 * bins)

    def forward(self, codes: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """`(segment, codes)` to mean and log variance `(segment, frames, bin)`."""
        spoken, _ = self.speak(repeat(codes, frames))
        mean, log_variance = split_normal(self.leave(spoken).flatten(0, 1).float())
        return mean.unflatten(0, (-1, frames)), log_variance.unflatten(0, (-1, frames))


class FHVAE(nn.Module):
    """The factorised hierarchical variational auto-encoder (Hsu, Zhang & Glass 2017,
    arXiv:1709.07902), which splits speech into content and voice.

    A segment has two codes. z1 holds what changes from segment to segment, with a standard normal
    prior; z2 what stays, around a mean mu2 that all segments of a sequence have in common.
    q(z2 | x), q(z1 | x, z2) and p(x | z1, z2) are an LSTM each, with Gaussian outputs. Segments are
    converted by moving z2 from the source's mu2 to the target's; the source's is estimated from its
    own segments, so that unknown speakers can be converted.

    Deliberate differences: a sequence is all speech of a speaker, not an utterance, as the target
    of a conversion is a speaker; frames are 5 ms of mel-cepstra, normalised by their speaker's mean
    and deviation, in place of 10 ms of log-magnitudes or mel filters normalised over all speech, so
    that 20 of them are 0.1 s in place of 0.2 s and z2 holds what these statistics leave of the
    voice; log variances are bounded; converted segments overlap by half and are cross-faded, where
    the paper has a segment at every frame and takes its last frame; conversion uses the codes'
    means, where the paper draws them.

    Args:
        bins: height of the image.
        speakers: how many there are.
        cells: of each LSTM.
        code: size of z1, and of z2.
        segment: frames of a segment, even.
        deviation: of z2 from its mu2, in the prior.

    Raises:
        ValueError: an odd segment, or a deviation that is not above 0.
    """

    multiple = 1
    needs_source = False

    def __init__(
        self,
        bins: int,
        speakers: int,
        cells: int = 256,
        code: int = 32,
        segment: int = 20,
        deviation: float = 0.5,
    ) -> None:
        super().__init__()
        if segment < 2 or segment % 2:
            raise ValueError(f"segment {segment}: must be even, 2 at least; it is faded by halves")
        if deviation <= 0:
            raise ValueError(f"deviation {deviation}: must be greater than 0")
        self.segment, self.deviation = segment, deviation
        self.voice_encoder = SegmentEncoder(bins, cells, code)
        self.content_encoder = SegmentEncoder(bins + code, cells, code)
        self.decoder = SegmentDecoder(2 * code, cells, bins)
        self.mu2 = nn.Embedding(speakers, code)

    def encode_z2(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Segments `(segment, frame, bin)` to mean and log variance of z2, `(segment, code)`."""
        mean, log_variance = self.voice_encoder(x)
        return mean, log_variance

    def encode_z1(self, x: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
        """Segments and z2 `(segment, code)` to mean and log variance of z1."""
        mean, log_variance = self.content_encoder(torch.cat([x, repeat(z2, x.shape[1])], 2))
        return mean, log_variance

    def decode_x(self, z1: Tensor, z2: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """Codes `(segment, code)` to mean and log variance `(segment, frames, bin)`."""
        mean, log_variance = self.decoder(torch.cat([z1, z2], 1), frames)
        return mean, log_variance

    def estimate_mu2(self, z2: Tensor) -> Tensor:
        """The posterior mean of mu2, `(batch, code)`, given all z2 `(batch, segment, code)` of a
        sequence: their sum over their number and the variance, as mu2's prior is standard normal.
        """
        return z2.sum(1) / (z2.shape[1] + self.deviation**2)

    def score_speakers(self, z2: Tensor) -> Tensor:
        """Log-densities of z2 `(segment, code)` around each speaker's mu2, `(segment, speaker)`,
        less what is the same for all."""
        away = (z2[:, None] - self.mu2.weight) / self.deviation
        return -away.square().sum(2) / 2

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` in the voice of the targets `(batch,)`, the same shape."""
        z1, z2 = self._find_codes(image)
        moved = z2 + (self.mu2(target) - self.estimate_mu2(z2))[:, None]
        made, _ = self.decode_x(z1.flatten(0, 1), moved.flatten(0, 1), self.segment)
        shape = z1.shape[0], -1, self.segment, image.shape[2]
        return join(made.reshape(shape), image.shape[-1])

    def encode(self, image: Tensor, speaker: Tensor | None = None) -> Tensor:
        """The content of `(batch, 1, bin, frame)`: z1 at each frame, `(batch, code, frame)`.

        It is cross-faded from segment to segment; the speaker is not needed.
        """
        z1, _ = self._find_codes(image)
        held = z1[:, :, None].expand(-1, -1, self.segment, -1)
        return join(held, image.shape[-1])[:, 0]

    def _find_codes(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The means of z1 and z2, `(batch, segment, code)`."""
        segments = cut(image, self.segment)
        x = segments.flatten(0, 1)
        z2, _ = self.encode_z2(x)
        z1, _ = self.encode_z1(x, z2)
        shape = segments.shape[0], -1, z2.shape[1]
        return z1.reshape(shape), z2.reshape(shape)


def repeat(code: Tensor, frames: int) -> Tensor:
    """`(segment, code)` to `(segment, frames, code)`."""
    return code[:, None].expand(-1, frames, -1)


def cut(image: Tensor, length: int) -> Tensor:
    """`(batch, 1, bin, frame)` to `(batch, segment, length, bin)`, which overlap by half.

    Before the beginning and after the end the outermost frame is repeated, so that each frame lies
    in two segments.
    """
    half = length // 2
    padded = F.pad(image[:, 0], (half, length - 1), mode="replicate").transpose(1, 2)
    whole = padded[:, : padded.shape[1] // half * half]
    halves = whole.reshape(image.shape[0], -1, half, image.shape[2])
    return torch.cat([halves[:, :-1], halves[:, 1:]], 2)


def join(segments: Tensor, frames: int) -> Tensor:
    """The inverse of `cut`, cross-faded, to `(batch, 1, bin, frames)`; padding is dropped."""
    half = segments.shape[2] // 2
    rise = (torch.arange(half, device=segments.device)[:, None] + 0.5) / half
    before, after = segments[:, :-1, half:], segments[:, 1:, :half]
    faded = before + rise * (after - before)
    return faded.flatten(1, 2)[:, :frames].transpose(1, 2)[:, None]
