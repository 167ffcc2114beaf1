"""Discriminators of waves: multi-period and multi-resolution, with their features."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from speechgan.models.discriminators.judgement import Judgement, judge


class PeriodDiscriminator(nn.Module):
    """Sees every `period`-th sample in a column (HiFi-GAN, arXiv:2010.05646).

    Args:
        period: in samples.
        widths: channels; the paper has 32, 128, 512, 1024, 1024.
    """

    def __init__(self, period: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.period = period
        strides = [3] * (len(widths) - 1) + [1]
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(before, after, (5, 1), (stride, 1), padding=(2, 0)))
            for before, after, stride in zip((1, *widths), widths, strides, strict=False)
        )
        self.leave = weight_norm(nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)))

    def forward(self, wave: Tensor) -> Judgement:
        """`(batch, sample)` to scores and features."""
        wave = F.pad(wave[:, None], (0, -wave.shape[-1] % self.period), mode="reflect")
        return judge(wave.unflatten(-1, (-1, self.period)), self.layers, self.leave)


class ResolutionDiscriminator(nn.Module):
    """Sees a linear magnitude spectrogram (UnivNet, arXiv:2106.07889).

    Deliberate differences: strides are along frequency, where UnivNet's are along time; the hop is
    a quarter of the window, and the window as long as the transform.

    Args:
        n_fft: window in samples.
        channels: the paper has 32.
    """

    def __init__(self, n_fft: int, channels: int) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.window: Tensor
        shapes = [((3, 9), (1, 1)), *[((3, 9), (1, 2))] * 3, ((3, 3), (1, 1))]
        self.layers = nn.ModuleList(
            weight_norm(
                nn.Conv2d(
                    channels if number else 1,
                    channels,
                    kernel,
                    stride,
                    padding=(kernel[0] // 2, kernel[1] // 2),
                )
            )
            for number, (kernel, stride) in enumerate(shapes)
        )
        self.leave = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, wave: Tensor) -> Judgement:
        """`(batch, sample)` to scores and features."""
        spectrum = torch.stft(
            wave, self.n_fft, self.n_fft // 4, window=self.window, return_complex=True
        )
        power = torch.view_as_real(spectrum).square().sum(-1)
        magnitude = (power + 1e-9).sqrt().transpose(1, 2)[:, None]
        return judge(magnitude, self.layers, self.leave)


class WaveDiscriminator(nn.Module):
    """Five period and three resolution discriminators, as in Vocos (arXiv:2306.00814).

    Args:
        period_widths: channels of the period discriminators.
        resolution_channels: of the resolution discriminators.
        periods: in samples; HiFi-GAN's primes.
        resolutions: windows, in samples.
    """

    def __init__(
        self,
        period_widths: Sequence[int] = (32, 128, 512, 1024, 1024),
        resolution_channels: int = 32,
        periods: Sequence[int] = (2, 3, 5, 7, 11),
        resolutions: Sequence[int] = (512, 1024, 2048),
    ) -> None:
        super().__init__()
        self.of_period = nn.ModuleList(PeriodDiscriminator(p, period_widths) for p in periods)
        self.of_resolution = nn.ModuleList(
            ResolutionDiscriminator(n, resolution_channels) for n in resolutions
        )

    def forward(self, wave: Tensor) -> dict[str, list[Judgement]]:
        """`(batch, sample)` to judgements by kind."""
        return {
            "period": [network(wave) for network in self.of_period],
            "resolution": [network(wave) for network in self.of_resolution],
        }
