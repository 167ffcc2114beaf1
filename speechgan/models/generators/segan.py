"""SEGAN: an encoder-decoder on the waveform, and its critic (Pascual, Bonafonte & Serrà 2017)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.features.emphasis import de_emphasise, pre_emphasise
from speechgan.features.signal import Signal
from speechgan.models.discriminators.spectrogram import Critic

WIDTHS = (16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1024)
KERNEL = 31


class SeganGenerator(nn.Module):
    """Eleven strided convolutions of width 31, a latent code, and eleven back with skips.

    As published: PReLU after each layer but the last, which is a tanh; the code is joined by noise
    `z` of as many channels; each decoder layer is given the encoder's layer of the same size; the
    wave is pre-emphasised by 0.95 before and de-emphasised after. Fully convolutional, so any
    length that is a multiple of 2048 goes in, where the paper cuts windows of 16384.

    Args:
        widths: channels of the encoder's layers.
        kernel: width of each filter, in samples; odd.
        latent: whether noise is joined to the code; without it the output is one for each input.
    """

    reads = "wave"
    causal = False
    level_invariant = False

    def __init__(
        self, widths: tuple[int, ...] = WIDTHS, kernel: int = KERNEL, latent: bool = True
    ) -> None:
        super().__init__()
        inputs = (1, *widths[:-1])
        self.encoder = nn.ModuleList(
            nn.Sequential(nn.Conv1d(i, o, kernel, stride=2, padding=kernel // 2), nn.PReLU(o))
            for i, o in zip(inputs, widths, strict=True)
        )
        self.z_channels = widths[-1] if latent else 0
        joined = [widths[-1] + self.z_channels, *(2 * w for w in reversed(widths[:-1]))]
        outputs = (*reversed(widths[:-1]), 1)
        self.decoder = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose1d(i, o, kernel, stride=2, padding=kernel // 2, output_padding=1),
                nn.PReLU(o) if o > 1 else nn.Tanh(),
            )
            for i, o in zip(joined, outputs, strict=True)
        )
        self.multiple = 2 ** len(widths)
        # Half a filter at each of the strides on the way down, and again on the way up; the
        # de-emphasis forgets within 512 samples.
        reach = 2 * (kernel // 2) * (self.multiple - 1) + 512
        self.context = -(-reach // self.multiple) * self.multiple

    def forward(self, wave: Tensor, z: Tensor | None = None) -> Tensor:
        """Noisy to enhanced, `(batch, sample)`, in [-1, 1].

        Args:
            wave: noisy.
            z: `(batch, z_channels, ceil(sample / multiple))`; drawn from a normal distribution
                where it is not given.
        """
        samples = wave.shape[-1]
        padded = F.pad(wave, (0, -samples % self.multiple))
        x = pre_emphasise(padded)[:, None]
        skips = []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        code = skips.pop()
        if self.z_channels:
            z = torch.randn_like(code) if z is None else z
            code = torch.cat([code, z], 1)
        for layer in self.decoder:
            code = layer(code)
            if skips:
                code = torch.cat([code, skips.pop()], 1)
        return de_emphasise(code[:, 0])[:, :samples]


class VirtualBatchNorm(nn.Module):
    """Normalises by the statistics of a fixed reference batch and the item itself.

    Salimans et al. 2016: unlike batch normalisation, an item's output does not depend on which
    others happen to stand in its batch.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1, channels, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1))

    def forward(self, x: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
        """Batch and reference, `(batch, channel, sample)` each, both normalised."""
        mean, square = reference.mean((0, 2)), reference.square().mean((0, 2))
        share = 1 / (len(reference) + 1)
        own_mean = share * x.mean(2) + (1 - share) * mean
        own_square = share * x.square().mean(2) + (1 - share) * square
        normal = self._normalise(x, own_mean[..., None], own_square[..., None])
        return normal, self._normalise(reference, mean[None, :, None], square[None, :, None])

    def _normalise(self, x: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        variance = (square - mean.square()).clamp(min=0)
        return (x - mean) * (variance + 1e-5).rsqrt() * self.gain + self.bias


class SeganCritic(Critic):
    """The encoder again on condition and candidate, with virtual batch norm and one score.

    As published: leaky rectifiers of slope 0.3, a convolution of width 1 to one channel, and a
    linear layer over what is left of time, so that all waves must be of one length. The first
    batch it is given becomes the reference.

    Args:
        samples: length of the waves that it judges.
        reference_items: items of the reference batch that are kept.
        widths: channels of the layers.
        kernel: width of each filter, in samples; odd.
    """

    reads = "wave"
    heads = ("joint",)
    conditional_heads = ("joint",)

    def __init__(
        self,
        samples: int = 16384,
        reference_items: int = 16,
        widths: tuple[int, ...] = WIDTHS,
        kernel: int = KERNEL,
    ) -> None:
        super().__init__()
        multiple = 2 ** len(widths)
        if samples % multiple:
            raise ValueError(f"samples {samples} must be a multiple of {multiple}")
        inputs = (2, *widths[:-1])
        self.layers = nn.ModuleList(
            nn.Conv1d(i, o, kernel, stride=2, padding=kernel // 2)
            for i, o in zip(inputs, widths, strict=True)
        )
        self.norms = nn.ModuleList(VirtualBatchNorm(w) for w in widths)
        self.squeeze = nn.Conv1d(widths[-1], 1, 1)
        self.score = nn.Linear(samples // multiple, 1)
        self.reference: Tensor
        self.register_buffer("reference", torch.zeros(reference_items, 2, samples))
        self.has_reference: Tensor
        self.register_buffer("has_reference", torch.tensor(False))

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1)`, high for good, by head."""
        x = torch.stack([pre_emphasise(condition.wave), pre_emphasise(candidate.wave)], 1)
        if not self.has_reference:
            rows = torch.arange(len(self.reference), device=x.device) % len(x)
            self.reference.copy_(x.detach()[rows])
            self.has_reference.fill_(True)
        reference = self.reference
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x, reference = norm(layer(x), layer(reference))
            x, reference = F.leaky_relu(x, 0.3), F.leaky_relu(reference, 0.3)
        return {"joint": self.score(self.squeeze(x)[:, 0])}
