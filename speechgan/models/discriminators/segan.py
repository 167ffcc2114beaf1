"""The discriminator of SEGAN, which sees pairs of waves (arXiv:1703.09452)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.features.emphasis import pre_emphasise
from speechgan.features.signal import Signal
from speechgan.models.discriminators.base import Discriminator

WIDTHS = (16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1024)
KERNEL = 31


class VirtualBatchNorm(nn.Module):
    """Normalises by the statistics of a fixed reference batch and the item itself.

    Salimans et al. 2016, arXiv:1606.03498: unlike batch normalisation, an item's output does not
    depend on the others in its batch.
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


class SeganDiscriminator(Discriminator):
    """Like the generator's encoder, on condition and candidate, with virtual batch norm, one score.

    As published: leaky rectifiers of slope 0.3, a convolution of width 1 to one channel, and a
    linear layer over the remaining steps, so that all waves must be of one length. The first pairs
    given to `meet`, or else the first that it judges, become the reference batch.

    Args:
        samples: length of the waves that it judges.
        reference_items: size of the reference batch.
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
        self._met = False

    def meet(self, condition: Signal, real: Signal) -> None:
        """Keeps the first pairs as the reference batch."""
        if self._met:
            return  # without reading the flag from the device
        if not self.has_reference:
            x = put_together(condition, real).detach()
            rows = torch.arange(len(self.reference), device=x.device) % len(x)
            self.reference.copy_(x[rows])
            self.has_reference.fill_(True)
        self._met = True

    def forward(self, condition: Signal, candidate: Signal) -> dict[str, Tensor]:
        """Scores `(batch, 1)`, high for real, by head."""
        self.meet(condition, candidate)
        x, reference = put_together(condition, candidate), self.reference
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x, reference = norm(layer(x), layer(reference))
            x, reference = F.leaky_relu(x, 0.3), F.leaky_relu(reference, 0.3)
        return {"joint": self.score(self.squeeze(x)[:, 0])}


def put_together(condition: Signal, candidate: Signal) -> Tensor:
    """A pair of waves as the network's input, `(batch, 2, sample)`."""
    return torch.stack([pre_emphasise(condition.wave), pre_emphasise(candidate.wave)], 1)
