"""Encoders into a common space of content, decoders out of it into a speaker's voice."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from speechgan.models.generators.cyclegan_vc import GatedPatchCritic
from speechgan.models.layers.gated import GatedConv1d, ResidualBlock1d, pad_time


class PerSpeaker(nn.Module):
    """One network a speaker, each item of a batch through that of its own.

    Args:
        build: makes one.
        speakers: how many.
    """

    def __init__(self, build: Callable[[], nn.Module], speakers: int) -> None:
        super().__init__()
        self.of = nn.ModuleList(build() for _ in range(speakers))

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, channel, time)` and `(batch,)` to what the networks make."""
        numbers = speaker.tolist()
        parts = {n: self.of[n](x[speaker == n]) for n in sorted(set(numbers))}
        taken = dict.fromkeys(parts, 0)
        rows = []
        for n in numbers:
            rows.append(parts[n][taken[n]])
            taken[n] += 1
        return torch.stack(rows)


class ForAll(nn.Module):
    """One network for all speakers, who are told to it as an embedding if it is to know them.

    Args:
        build: makes it, given how many channels an embedding adds to its input.
        speakers: how many; 0 if it is not to know.
        size: of the embedding.
    """

    def __init__(
        self, build: Callable[[int], nn.Module], speakers: int = 0, size: int = 16
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(speakers, size) if speakers else None
        self.network = build(size if speakers else 0)

    def forward(self, x: Tensor, speaker: Tensor) -> Tensor:
        """As `PerSpeaker`."""
        if self.embedding is not None:
            told = self.embedding(speaker)[:, :, None].expand(-1, -1, x.shape[-1])
            x = torch.cat([x, told], 1)
        return self.network(x)


class SharedLatent(nn.Module):
    """Auto-encoders of all speakers that meet in one space of codes.

    Gated one-dimensional convolutions with instance normalisation, which takes out what is
    constant in a recording (Chou et al. 2019); codes at half the frame rate. The code is
    normalised too, so that its scale says nothing.

    Args:
        bins: height of the image.
        speakers: how many there are.
        channels: of the hidden layers.
        code: channels of the code.
        blocks: residual blocks on each side of the code.
        encoders: `one` for everybody, strangers too, or `own` of each speaker.
        decoders: `one`, which is told the speaker, or `own` of each.
        shared_layers: of `own` networks, whether the residual blocks next to the code are common
            to all (CoGAN, Liu & Tuzel 2016; UNIT, Liu et al. 2017).
    """

    multiple = 2

    def __init__(
        self,
        bins: int,
        speakers: int,
        channels: int = 128,
        code: int = 32,
        blocks: int = 2,
        encoders: str = "one",
        decoders: str = "one",
        shared_layers: bool = True,
    ) -> None:
        super().__init__()
        for kind in (encoders, decoders):
            if kind not in ("one", "own"):
                raise ValueError(f"{kind!r}: encoders and decoders are one or own")
        self.needs_source = encoders == "own"
        self.code_channels, self.speakers = code, speakers

        def hear(extra: int = 0) -> nn.Module:
            return nn.Sequential(
                GatedConv1d(bins + extra, channels, 5),
                GatedConv1d(channels, channels, 5, stride=2),
            )

        def abstract(extra: int = 0) -> nn.Module:
            return nn.Sequential(
                *(ResidualBlock1d(channels + extra, channels) for _ in range(blocks)),
                nn.Conv1d(channels + extra, code, 1),
                nn.InstanceNorm1d(code),
            )

        def elaborate(extra: int = 0) -> nn.Module:
            return nn.Sequential(
                nn.Conv1d(code + extra, channels, 1),
                *(ResidualBlock1d(channels, channels) for _ in range(blocks)),
            )

        def speak(extra: int = 0) -> nn.Module:
            return nn.Sequential(
                GatedConv1d(channels + extra, channels, 5, upscale=2),
                nn.Conv1d(channels, bins, 5, padding=2),
            )

        own_inside = not shared_layers
        self.hear = PerSpeaker(hear, speakers) if encoders == "own" else ForAll(hear)
        self.abstract = (
            PerSpeaker(abstract, speakers) if encoders == "own" and own_inside else ForAll(abstract)
        )
        told = speakers if decoders == "one" else 0
        self.elaborate = (
            PerSpeaker(elaborate, speakers)
            if decoders == "own" and own_inside
            else ForAll(elaborate, told)
        )
        self.speak = PerSpeaker(speak, speakers) if decoders == "own" else ForAll(speak, told)

    def encode(self, image: Tensor, speaker: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` to the code `(batch, channel, frame / 2)`.

        Raises:
            ValueError: encoders are speakers' own, and no speaker is named.
        """
        if speaker is None:
            if self.needs_source:
                raise ValueError("encoders are speakers' own: name the source speaker")
            speaker = torch.zeros(len(image), dtype=torch.long, device=image.device)
        x = pad_time(image, self.multiple).flatten(1, 2)
        return self.abstract(self.hear(x, speaker), speaker)

    def decode(self, code: Tensor, speaker: Tensor, frames: int) -> Tensor:
        """A code and speakers `(batch,)` to `(batch, 1, bin, frames)`."""
        return self.speak(self.elaborate(code, speaker), speaker)[:, None, :, :frames]

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` in the target's voice, the same shape."""
        return self.decode(self.encode(image, source), target, image.shape[-1])


class CodeCritic(nn.Sequential):
    """Guesses from a code who spoke.

    Args:
        code: channels of the code.
        speakers: how many there are.
        channels: of the hidden layers.
    """

    def __init__(self, code: int, speakers: int, channels: int = 64) -> None:
        super().__init__(
            nn.Conv1d(code, channels, 5, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, channels, 5, stride=2, padding=2),
            nn.LeakyReLU(0.2),
            nn.Conv1d(channels, speakers, 1),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
        )


class SpeakerCritic(nn.Module):
    """Is this a recording of that speaker? Patch scores, a column of them for each speaker.

    The gated patch critic of CycleGAN-VC2 with an output for each speaker, as in the multi-task
    discriminator of Liu et al. (2019, FUNIT).

    Args:
        bins: height of the image.
        speakers: how many there are.
        width: as of `GatedPatchCritic`.
    """

    def __init__(self, bins: int, speakers: int, width: float = 1.0) -> None:
        super().__init__()
        self.layers = GatedPatchCritic(bins, width)
        last = self.layers[-1]
        assert isinstance(last, nn.Conv2d)
        self.layers[-1] = nn.Conv2d(last.in_channels, speakers, (1, 3), padding=(0, 1))

    def forward(self, image: Tensor, speaker: Tensor) -> Tensor:
        """`(batch, 1, bin, frame)` and `(batch,)` to scores `(batch, patch, patch)`."""
        scores = self.layers(image)
        return scores[torch.arange(len(image), device=image.device), speaker]


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return -gradients[0]


def reverse_gradient(x: Tensor) -> Tensor:
    """The same, with the gradient's sign turned (Ganin & Lempitsky 2015)."""
    reversed_: Tensor = _Reversal.apply(x)
    return reversed_
