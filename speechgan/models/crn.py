"""A small causal convolutional recurrent network that runs frame by frame."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from speechgan.models.level import RunningLevel
from speechgan.models.mask import complex_product, raise_to_floor


class CausalCRN(nn.Module):
    """Complex mask from convolution over frequency and recurrence over time.

    A convolutional recurrent network (Tan & Wang 2018) reduced to what runs on a fraction of a
    core, with the layout of FastEnhancer (Ahn et al. 2025): convolutions see one frame only and
    stride over frequency, a GRU shared by all bands is the only memory in time, and attention
    over bands mixes frequencies. Deliberate differences: the input level is tracked inside (see
    `RunningLevel`), so the output scales with the input, exactly; normalisation is a per-frame
    group norm, which knows nothing of later frames nor of the batch; the mask is multiplied in
    the compressed domain.

    Args:
        bins: frequencies of the image; a multiple of `stride`, plus one.
        channels: channels of the convolutions.
        bands: frequency bands that the recurrence sees.
        hidden: channels of each band in the recurrence.
        blocks: recurrent blocks.
        encoder_layers: residual convolutions before, and again after, the recurrence.
        stride: bins that the first convolution joins.
        heads: attention heads over bands.
        floor: magnitude below which the mask hardly falls, in the compressed scale of the image:
            0.35 leaves 3 % of the wave at a power of 0.3. Clean recordings are not digitally
            silent between the words, and a spectrum with holes sounds worse than a soft floor.
    """

    reads = "image"
    level_invariant = True
    z_channels = 0
    causal = True

    def __init__(
        self,
        bins: int = 257,
        channels: int = 32,
        bands: int = 24,
        hidden: int = 48,
        blocks: int = 2,
        encoder_layers: int = 2,
        stride: int = 4,
        heads: int = 4,
        floor: float = 0.35,
    ) -> None:
        super().__init__()
        self.floor = floor
        if (bins - 1) % stride:
            raise ValueError(f"bins {bins} must be a multiple of stride {stride}, plus one")
        subbands = (bins - 1) // stride
        self.level = RunningLevel()
        self.encode_in = nn.Sequential(
            nn.Conv1d(3, channels, 2 * stride, stride, padding=stride // 2),
            nn.GroupNorm(1, channels),
            nn.SiLU(),
        )
        self.encoder = nn.ModuleList(ResidualConv(channels) for _ in range(encoder_layers))
        self.to_bands = nn.Linear(subbands, bands, bias=False)
        self.to_hidden = nn.Conv1d(channels, hidden, 1)
        self.position = nn.Parameter(torch.zeros(bands, hidden))
        self.blocks = nn.ModuleList(RecurrentBlock(hidden, heads) for _ in range(blocks))
        self.to_subbands = nn.Linear(bands, subbands, bias=False)
        self.to_channels = nn.Conv1d(hidden, channels, 1)
        self.joins = nn.ModuleList(
            nn.Conv1d(2 * channels, channels, 1) for _ in range(encoder_layers + 1)
        )
        self.decoder = nn.ModuleList(ResidualConv(channels) for _ in range(encoder_layers))
        self.decode_out = nn.ConvTranspose1d(channels, 2, 2 * stride, stride, padding=stride // 2)

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        """The state before the first frame, by name.

        `level` `(batch, 2)`, and `hidden` `(batch, block, band, channel)` of the recurrent blocks.
        """
        like = self.position
        bands, channels = like.shape
        hidden = like.new_zeros(batch, len(self.blocks), bands, channels)
        return {"level": like.new_zeros(batch, 2), "hidden": hidden}

    def forward(self, image: Tensor) -> Tensor:
        """Noisy to enhanced, `(batch, 2, frequency, frame)`, from the initial state."""
        return self.continue_from(image, self.initial_state(len(image)))[0]

    def continue_from(
        self, image: Tensor, state: Mapping[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The same for the next frames of a stream: enhanced frames, and the state after them."""
        batch, _, _, frames = image.shape
        size = image.square().sum(1, keepdim=True).sqrt()
        level, level_state = self.level(size, state["level"])
        # The top bin is predicted from its neighbour: 256 bins split evenly, 257 do not.
        x = torch.cat([image, size], 1)[:, :, :-1] / level
        x = x.permute(0, 3, 1, 2).flatten(0, 1)  # one frame a row: (batch * frame, 3, frequency)

        skips = [self.encode_in(x)]
        for layer in self.encoder:
            skips.append(layer(skips[-1]))
        y = self.to_hidden(self.to_bands(skips[-1])).transpose(1, 2)
        y = y.unflatten(0, (batch, frames)) + self.position
        hidden = []
        for block, h in zip(self.blocks, state["hidden"].unbind(1), strict=True):
            y, h = block(y, h)
            hidden.append(h)
        y = self.to_channels(self.to_subbands(y.flatten(0, 1).transpose(1, 2)))
        for join, layer in zip(self.joins, [*self.decoder, nn.Identity()], strict=True):
            y = layer(join(torch.cat([y, skips.pop()], 1)))
        mask = self.decode_out(y).unflatten(0, (batch, frames)).permute(0, 2, 3, 1)
        mask = raise_to_floor(torch.cat([mask, mask[:, :, -1:]], 2), self.floor)
        after = {"level": level_state, "hidden": torch.stack(hidden, 1)}
        return complex_product(mask, image), after


class ResidualConv(nn.Module):
    """Convolution over frequency within one frame, added to its input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(1, channels)
        self.activation = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        """`(row, channel, frequency)` to the same shape."""
        return x + self.activation(self.norm(self.conv(x)))


class RecurrentBlock(nn.Module):
    """A GRU over time for each band, then attention over the bands of each frame."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_time = nn.LayerNorm(channels)
        self.gru = nn.GRU(channels, channels, batch_first=True)
        self.project_time = nn.Linear(channels, channels)
        self.norm_frequency = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.project_frequency = nn.Linear(channels, channels)

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """`(batch, frame, band, channel)` and the state `(batch, band, channel)`, to the same."""
        batch, frames, bands, channels = x.shape
        rows = self.norm_time(x).transpose(1, 2).flatten(0, 1)
        y, after = self.gru(rows, hidden.flatten(0, 1)[None])
        x = x + self.project_time(y).unflatten(0, (batch, bands)).transpose(1, 2)
        qkv = self.query_key_value(self.norm_frequency(x)).flatten(0, 1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in qkv.chunk(3, -1)
        )
        mixed = nn.functional.scaled_dot_product_attention(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(batch, frames, bands, channels)
        return x + self.project_frequency(mixed), after.view(hidden.shape)
