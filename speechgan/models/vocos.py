"""Vocos: a vocoder that stays at the frame rate and lets the inverse transform make the wave."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, then a wide perceptron on each frame (Liu et al. 2022).

    Args:
        channels: of input and output.
        hidden: of the perceptron.
        scale: of what is added, at the start of training.
    """

    def __init__(self, channels: int, hidden: int, scale: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.widen = nn.Linear(channels, hidden)
        self.narrow = nn.Linear(hidden, channels)
        self.scale = nn.Parameter(torch.full((channels,), scale))

    def forward(self, x: Tensor) -> Tensor:
        """`(batch, channel, frame)`, the same shape."""
        hidden = self.norm(self.depthwise(x).transpose(1, 2))
        return x + (self.scale * self.narrow(F.gelu(self.widen(hidden)))).transpose(1, 2)


class Vocos(nn.Module):
    """Vocos (Siuzdak 2023): log-mel image to wave.

    Deliberate difference: frames are centred, as the image's are, where the paper's release trims
    them to "same" padding.

    Args:
        bins: mel bands of the image.
        channels: of the backbone; the paper has 512.
        hidden: of its perceptrons; the paper has 1536.
        blocks: of the backbone; the paper has 8.
        n_fft, hop_length: of the image, in samples.
    """

    def __init__(
        self,
        bins: int = 80,
        channels: int = 512,
        hidden: int = 1536,
        blocks: int = 8,
        n_fft: int = 1024,
        hop_length: int = 256,
    ) -> None:
        super().__init__()
        self.n_fft, self.hop_length = n_fft, hop_length
        self.enter = nn.Conv1d(bins, channels, 7, padding=3)
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.blocks = nn.Sequential(
            *(ConvNeXtBlock(channels, hidden, 1 / blocks) for _ in range(blocks))
        )
        self.last_norm = nn.LayerNorm(channels, eps=1e-6)
        self.leave = nn.Linear(channels, n_fft + 2)
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.window: Tensor
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, image: Tensor, samples: int | None = None) -> Tensor:
        """`(batch, 1, bin, frame)` to `(batch, samples)`; `(frame - 1) * hop_length` if None.

        An image of two frames or more.
        """
        x = self.norm(self.enter(image[:, 0]).transpose(1, 2)).transpose(1, 2)
        x = self.leave(self.last_norm(self.blocks(x).transpose(1, 2))).transpose(1, 2)
        log_magnitude, phase = x.chunk(2, 1)
        # As in the paper's release: an exponential that runs away early in training is cut off.
        magnitude = log_magnitude.exp().clamp(max=1e2)
        spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
        wave: Tensor = torch.istft(
            spectrum, self.n_fft, self.hop_length, window=self.window, length=samples
        )
        return wave
