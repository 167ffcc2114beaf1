"""SEGAN: an encoder-decoder on the waveform (Pascual et al. 2017, arXiv:1703.09452)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.features.emphasis import de_emphasise, pre_emphasise

WIDTHS = (16, 32, 32, 64, 64, 128, 128, 256, 256, 512, 1024)
KERNEL = 31


class SeganGenerator(nn.Module):
    """Eleven strided convolutions of width 31, a latent code, eleven transposed ones with skips.

    As published: PReLU after each layer but the last, which is a tanh; noise `z` of as many
    channels is concatenated to the code; each decoder layer has a skip from the encoder's layer of
    the same size; the wave is pre-emphasised by 0.95 before and de-emphasised after. It is fully
    convolutional and takes any length, padded to a multiple of 2048, where the paper cuts windows
    of 16384.

    Args:
        widths: channels of the encoder's layers.
        kernel: width of each filter, in samples; odd.
        latent: whether noise is concatenated to the code; without, the output is deterministic.
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
        # Receptive field to each side: half a filter at each stride of the encoder and again of the
        # decoder, and 512 samples in which the de-emphasis decays.
        reach = 2 * (kernel // 2) * (self.multiple - 1) + 512
        self.context = -(-reach // self.multiple) * self.multiple

    def forward(self, wave: Tensor, z: Tensor | None = None) -> Tensor:
        """Noisy to enhanced, `(batch, sample)`; bounded to [-1, 1] only before the de-emphasis.

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
