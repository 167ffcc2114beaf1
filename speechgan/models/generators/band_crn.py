"""A small recurrent network over frequency bands, causal or not."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.bands import BandBlock, ResidualConv, join, mel_hats
from speechgan.models.layers.fusable import ConvNorm, LinearNorm
from speechgan.models.layers.level import RunningLevel
from speechgan.models.layers.mask import complex_product, neighbours, raise_to_floor


@dataclass(frozen=True)
class BandCRNSize:
    """How large a `BandCRN` is.

    Attributes:
        bins: frequencies of the image, up to 16,385; a multiple of `stride`, plus one.
        channels: of the convolutions.
        bands: that the recurrence sees, 2 to 1,024.
        hidden: channels of each band in the recurrence.
        blocks: of recurrence and mixer.
        layers: residual convolutions before, and again after, the recurrence.
        stride: bins that the first convolution joins.
        reach: neighbours of a point of the image that its estimate is a sum of, in bins above and
            below and, where a network hears ahead, as many frames before and after; 0 for a mask.
        span: frames that a residual convolution sees; above 1, and odd, only where a network hears
            ahead.
    """

    bins: int = 257
    channels: int = 32
    bands: int = 24
    hidden: int = 64
    blocks: int = 3
    layers: int = 1
    stride: int = 4
    reach: int = 0
    span: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 16_385 or not 2 <= self.bands <= 1_024:
            raise ValueError(
                f"bins {self.bins}, bands {self.bands}: must be 2 to 16385 and 2 to 1024"
            )
        if (self.bins - 1) % self.stride:
            raise ValueError(
                f"bins {self.bins} must be a multiple of stride {self.stride}, plus one"
            )
        if self.span < 1 or not self.span % 2:
            raise ValueError(f"span {self.span} frames: must be odd and at least 1")


class BandCRN(nn.Module):
    """Complex mask from convolution over frequency and recurrence over time, in bands.

    A convolutional recurrent network (Tan & Wang 2018) with the layout of FastEnhancer (Ahn et al.
    2025, arXiv:2509.21867): convolutions see one frame, unless they have a `span`, and stride over
    frequency; bands,
    spaced as on the mel scale to begin with, are learned sums of what they find; in each block an
    LSTM that all bands share is the memory in time, and what mixes bands sees one frame. Batch
    normalisation stands behind linear layers only, so that `fuse` can make it disappear. Deliberate
    differences: the mixer of bands is that of MLP-Mixer (arXiv:2105.01601) instead of attention,
    which costs a CPU twice as much; LSTM instead of GRU, which runs at less than half its speed
    there; skips are added; the input level is tracked inside (see `RunningLevel`), so the output
    scales with the input, exactly; the mask is multiplied in the compressed domain. With a `reach`
    it is a deep filter (Mack & Habets 2020, arXiv:1904.08369): a point's neighbours, each with a
    weight of its own, are added to it, which brings back what noise has cancelled there.

    Args:
        bidirectional: whether recurrences run backwards too; the network is not causal then.
        floor: magnitude below which the mask hardly falls, in the compressed scale of the image:
            0.15 leaves 0.2 % of the wave at a power of 0.3. Clean recordings are not digitally
            silent between the words, and a spectrum with holes sounds worse than a soft floor.
        context: frames that a bidirectional network hears on each side of a block of a long sound;
            more than it was trained on is no help to it.
        size: attributes of `BandCRNSize`.

    Raises:
        ValueError: bins, bands or span out of their range, bins that the stride does not divide, or
            a span of several frames without both directions.
    """

    reads = "image"
    level_invariant = True
    z_channels = 0
    multiple = 1
    # What a smaller network may lack.
    grown: tuple[str, ...] = ("blocks.",)

    def __init__(
        self, bidirectional: bool = False, floor: float = 0.15, context: int = 50, **size: int
    ) -> None:
        super().__init__()
        self.floor, self.causal, self.context = floor, not bidirectional, context
        self.size = BandCRNSize(**size)
        if self.size.span > 1 and not bidirectional:
            raise ValueError(f"span {self.size.span} frames: hears ahead, and needs bidirectional")
        channels, bands, hidden = self.size.channels, self.size.bands, self.size.hidden
        blocks, layers, stride = self.size.blocks, self.size.layers, self.size.stride
        span = self.size.span
        subbands = (self.size.bins - 1) // stride
        kernel, padding = (1, 2 * stride), (0, stride // 2)
        self.level = RunningLevel()
        self.encode_in = ConvNorm(nn.Conv2d(3, channels, kernel, (1, stride), padding))
        self.encoder = nn.ModuleList(ResidualConv(channels, span) for _ in range(layers))
        hats = mel_hats(subbands, bands)
        self.to_bands = nn.Parameter(hats / hats.sum(1, keepdim=True))
        self.to_hidden = nn.Linear(channels, hidden)
        self.position = nn.Parameter(torch.zeros(bands, hidden))
        self.blocks = nn.ModuleList(BandBlock(bands, hidden, bidirectional) for _ in range(blocks))
        self.to_subbands = nn.Parameter(hats.T.clone())
        self.to_channels = nn.Linear(hidden, channels)
        self.decoder = nn.ModuleList(ResidualConv(channels, span) for _ in range(layers))
        self.reach = (self.size.reach, self.size.reach if bidirectional else 0)
        taps = (2 * self.reach[0] + 1) * (2 * self.reach[1] + 1)
        self.decode_out = nn.ConvTranspose2d(channels, 2 * taps, kernel, (1, stride), padding)
        # Training starts from a mask near one, which passes the input on.
        nn.init.normal_(self.decode_out.weight, std=0.015)
        self.decode_out.bias = nn.Parameter(torch.tensor([1.0] + [0.0] * (2 * taps - 1)))

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """The state before the first frame, by name.

        `level` `(batch, 2)`, and of each block `hidden_N` and `cell_N` `(batch, band, channel)`,
        the output and the memory of its recurrence.
        """
        memory = self.position.new_zeros(batch, *self.position.shape)
        blocks = range(1, len(self.blocks) + 1)
        memories = {f"{part}_{n}": memory for n in blocks for part in ("hidden", "cell")}
        return {"level": self.position.new_zeros(batch, 2), **memories}

    def forward(self, image: Tensor) -> Tensor:
        """Noisy to enhanced, `(batch, 2, frequency, frame)`, from the initial state."""
        return self.continue_from(image, self.initial_state(len(image)))[0]

    def continue_from(
        self, image: Tensor, state: Mapping[str, Tensor]
    ) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The same for the next frames of a stream: enhanced frames, and the state after them.

        A bidirectional network starts again with every call and leaves the state as it is.
        """
        heard = state["level"] if self.causal else torch.zeros_like(state["level"])
        size = image.square().sum(1, keepdim=True).sqrt()
        after = {}
        level, after["level"] = self.level(size, heard)
        # The top bin is predicted from its neighbour: 256 bins split evenly, 257 do not.
        x = torch.cat([image, size], 1)[:, :, :-1] / level
        # Channels lie last in memory from here on, where convolutions and linear layers agree.
        x = x.transpose(2, 3).contiguous(memory_format=torch.channels_last)

        skips = [F.silu(self.encode_in(x))]
        for layer in self.encoder:
            skips.append(layer(skips[-1]))
        # Rows of channels from here on, one for each frame of each band in turn: so that plain
        # multiplications mix all channels, or all bands, with nothing moved in memory.
        y = self.to_hidden(join(self.to_bands, skips[-1].permute(3, 0, 2, 1)))
        bands, channels = self.position.shape
        y = (y.view(bands, -1, channels) + self.position[:, None]).view(-1, channels)
        for number, block in enumerate(self.blocks, 1):
            hidden, cell = f"hidden_{number}", f"cell_{number}"
            y, after[hidden], after[cell] = block(y, state[hidden], state[cell])
        # Channels first, as they become fewer; the bias is not for bands to weigh.
        y = join(self.to_subbands, y @ self.to_channels.weight.T) + self.to_channels.bias
        y = y.view(-1, image.shape[0], image.shape[-1], y.shape[-1]).permute(1, 3, 2, 0)
        for layer in self.decoder:
            y = layer(skips.pop() + y)
        return self.compose(skips.pop() + y, image, level), after if self.causal else state

    def compose(self, features: Tensor, image: Tensor, level: Tensor) -> Tensor:
        """The enhanced image, from what was found.

        Args:
            features: `(batch, channel, frame, subband)`.
            image: noisy, `(batch, 2, frequency, frame)`.
            level: of each frame, `(batch, 1, 1, frame)`.
        """
        mask, *others = spread(self.decode_out(features)).split(2, 1)
        enhanced = complex_product(raise_to_floor(mask, self.floor), image)
        for weight, neighbour in zip(others, neighbours(image, *self.reach), strict=True):
            enhanced = enhanced + complex_product(weight, neighbour)
        return enhanced

    @torch.no_grad()
    def grow_from(self, smaller: Mapping[str, Tensor]) -> None:
        """Begins as a smaller network, whose output it gives at first (Net2Net, Chen et al.
        2016, arXiv:1511.05641).

        It may have more blocks, run in both directions where the smaller runs in one, and have a
        reach, or a span of several frames, where the smaller has none.

        Args:
            smaller: weights of that network, or of one as large, by name.

        Raises:
            ValueError: it is not smaller in these ways only.
        """
        own = self.state_dict()
        if strange := smaller.keys() - own.keys():
            raise ValueError(f"there is no {min(strange)} here")
        for name, weight in own.items():
            known = smaller.get(name)
            # What the bidirectional recurrence adds stands last among the inputs of `project`.
            widens = name.endswith("project.linear.weight")
            # The weights of neighbours stand behind the mask's.
            reaches = name.startswith("decode_out.") and known is not None
            # A residual convolution, whose middle frame is the smaller's only one.
            spans = weight.ndim == 4 and name.startswith(("encoder.", "decoder."))
            if known is None:
                if name.endswith("norm.weight"):
                    weight.zero_()
                elif not name.startswith(self.grown):
                    raise ValueError(f"there is no {name} in the smaller")
            elif weight.shape == known.shape:
                weight.copy_(known)
            elif widens and weight.shape[1] == 2 * known.shape[1]:
                weight.copy_(torch.cat([known, torch.zeros_like(known)], 1))
            elif reaches and self.size.reach:
                weight.zero_()
                (weight[:, :2] if weight.ndim > 1 else weight[:2]).copy_(known)
            elif spans and weight.shape[2] == self.size.span > known.shape[2] == 1:
                weight.zero_()
                weight[:, :, self.size.span // 2].copy_(known[:, :, 0])
            else:
                raise ValueError(f"{name} is {list(known.shape)}, not {list(weight.shape)}")

    @torch.no_grad()
    def fuse(self) -> None:
        """Moves normalisation into the weights before it, for inference; training ends with it."""
        for module in self.modules():
            if isinstance(module, ConvNorm | LinearNorm):
                module.fuse()


def spread(decoded: Tensor) -> Tensor:
    """`(batch, channel, frame, bin)` but the top bin to `(batch, channel, frequency, frame)`."""
    bins = decoded.transpose(2, 3)
    return torch.cat([bins, bins[:, :, -1:]], 2)
