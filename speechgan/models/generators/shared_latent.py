"""Encoders to a common latent space of content, decoders from it to a speaker's voice."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from speechgan.models.layers.gated import GatedConv1d, ResidualBlock1d, pad_time
from speechgan.models.layers.per_speaker import PerSpeaker


class ForAll(nn.Module):
    """One network for all speakers, with a speaker embedding as input if it is conditional.

    Args:
        build: makes it, given how many channels an embedding adds to its input.
        speakers: how many; 0 if it is not conditioned on the speaker.
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
            code = self.embedding(speaker)[:, :, None].expand(-1, -1, x.shape[-1])
            x = torch.cat([x, code], 1)
        return self.network(x)


class SharedLatent(nn.Module):
    """Auto-encoders of all speakers with a common latent space.

    Gated one-dimensional convolutions with instance normalisation, which removes what is constant
    in a recording (Chou et al. 2019, arXiv:1904.05742); codes at half the frame rate. The code is
    normalised too, so that its scale carries no information.

    Args:
        bins: height of the image.
        speakers: how many there are.
        channels: of the hidden layers.
        code: channels of the code.
        blocks: residual blocks on each side of the code.
        encoders: `one` for all, unknown speakers too, or `own` of each speaker.
        decoders: `one`, which is given the speaker, or `own` of each.
        shared_layers: whether `own` networks share the residual blocks next to the code (CoGAN,
            arXiv:1606.07536; UNIT, arXiv:1703.00848).
    """

    multiple = 2

    def __init__(
        self,
        bins: int,
        speakers: int,
        channels: int = 192,
        code: int = 4,
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
        self.speakers = speakers
        inner_encoders, inner_decoders = ("one", "one") if shared_layers else (encoders, decoders)

        def make(kind: str, build: Callable[[int], nn.Module], given: int = 0) -> nn.Module:
            if kind == "own":
                return PerSpeaker(lambda: build(0), speakers)
            return ForAll(build, given)

        # A decoder for all speakers is conditioned on the speaker, an encoder never is.
        given = speakers if decoders == "one" else 0
        self.outer_encoder = make(encoders, lambda extra: outer_encoder(bins, channels))
        self.inner_encoder = make(
            inner_encoders,
            lambda extra: inner_encoder(channels, code, blocks),
        )
        self.inner_decoder = make(
            inner_decoders,
            lambda extra: inner_decoder(code + extra, channels, blocks),
            given,
        )
        self.outer_decoder = make(
            decoders, lambda extra: outer_decoder(channels + extra, channels, bins), given
        )

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
        return self.inner_encoder(self.outer_encoder(x, speaker), speaker)

    def decode(self, code: Tensor, speaker: Tensor, frames: int) -> Tensor:
        """A code and speakers `(batch,)` to `(batch, 1, bin, frames)`."""
        return self.outer_decoder(self.inner_decoder(code, speaker), speaker)[:, None, :, :frames]

    def forward(self, image: Tensor, target: Tensor, source: Tensor | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` in the target's voice, the same shape."""
        return self.decode(self.encode(image, source), target, image.shape[-1])


def outer_encoder(bins: int, channels: int) -> nn.Module:
    """`(batch, bins, frame)` to `(batch, channels, frame / 2)`."""
    return nn.Sequential(
        GatedConv1d(bins, channels, 5), GatedConv1d(channels, channels, 5, stride=2)
    )


def inner_encoder(channels: int, code: int, blocks: int) -> nn.Module:
    """`(batch, channels, time)` to the code `(batch, code, time)`, of unit variance."""
    return nn.Sequential(
        *(ResidualBlock1d(channels, channels) for _ in range(blocks)),
        nn.Conv1d(channels, code, 1),
        nn.InstanceNorm1d(code),
    )


def inner_decoder(inputs: int, channels: int, blocks: int) -> nn.Module:
    """The code with any embedding, `(batch, inputs, time)`, to `(batch, channels, time)`."""
    return nn.Sequential(
        nn.Conv1d(inputs, channels, 1),
        *(ResidualBlock1d(channels, channels) for _ in range(blocks)),
    )


def outer_decoder(inputs: int, channels: int, bins: int) -> nn.Module:
    """`(batch, inputs, time)` to `(batch, bins, 2 time)`."""
    return nn.Sequential(
        GatedConv1d(inputs, channels, 5, upscale=2), nn.Conv1d(channels, bins, 5, padding=2)
    )
