"""The U-Net of pix2pix on spectrograms (arXiv:1611.07004; arXiv:1709.01703)."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from speechgan.models.layers.mask import complex_product


class SpectrogramUNet(nn.Module):
    """Strided 4 x 4 convolutions down, transposed ones up, skips between equal sizes.

    As in pix2pix: leaky rectifiers of slope 0.2 down and rectifiers up, batch normalisation but
    at the first and last layer and the innermost code. Deliberate differences: the output is a
    complex mask in [-2, 2] on the input, as noise hides speech but seldom replaces it; at
    inference batch normalisation uses running statistics, so that a file's blocks agree; noise is
    an input of its own, concatenated to the innermost code, where pix2pix leaves dropout on; six
    layers instead of eight, half as wide, for a CPU; PyTorch's default initialisation.

    Args:
        bins: frequencies of the image; the topmost is masked like the one below it.
        widths: channels of the layers on the way down.
        dropout: chance of dropping a channel in the innermost decoder layers, in training.
        z_channels: channels of noise at the innermost code; 0 for none.
        channels: of the input.
    """

    reads = "image"
    causal = False
    level_invariant = False
    mask_channels = 2

    def __init__(
        self,
        bins: int = 257,
        widths: tuple[int, ...] = (32, 64, 128, 256, 256, 256),
        dropout: float = 0.0,
        z_channels: int = 0,
        channels: int = 2,
    ) -> None:
        super().__init__()
        self.multiple = 2 ** len(widths)
        if (bins - 1) % self.multiple:
            raise ValueError(f"bins {bins} must be a multiple of {self.multiple}, plus one")
        self.z_channels = z_channels
        # Receptive field to each side: almost one multiple in the encoder, one in the decoder.
        self.context = 2 * self.multiple
        inputs = (channels, *widths[:-1])
        last = len(widths) - 1
        self.encoder = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(i, o, 4, stride=2, padding=1),
                nn.BatchNorm2d(o) if 0 < n < last else nn.Identity(),
                nn.LeakyReLU(0.2),
            )
            for n, (i, o) in enumerate(zip(inputs, widths, strict=True))
        )
        joined = [widths[-1] + z_channels, *(2 * w for w in reversed(widths[:-1]))]
        self.decoder = nn.ModuleList(
            nn.Sequential(
                nn.ConvTranspose2d(i, o, 4, stride=2, padding=1),
                nn.BatchNorm2d(o),
                nn.Dropout2d(dropout if n < 3 else 0.0),
                nn.ReLU(),
            )
            for n, (i, o) in enumerate(zip(joined, reversed(widths[:-1]), strict=False))
        )
        self.mask = nn.ConvTranspose2d(joined[-1], self.mask_channels, 4, stride=2, padding=1)

    def forward(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """Noisy to enhanced, `(batch, 2, frequency, frame)`.

        Args:
            image: noisy.
            z: `(batch, z_channels, ceil(frame / multiple))`; drawn from a normal distribution
                where it is not given.
        """
        return complex_product(2 * torch.tanh(self.draw_mask(image, z)), image)

    def draw_mask(self, image: Tensor, z: Tensor | None = None) -> Tensor:
        """Unbounded, `(batch, mask_channels, frequency, frame)`; arguments as of a call, with
        `channels` in the image."""
        frames = image.shape[-1]
        x = F.pad(image[:, :, :-1], (0, -frames % self.multiple))
        skips = []
        for layer in self.encoder:
            x = layer(x)
            skips.append(x)
        x = skips.pop()
        if self.z_channels:
            if z is None:
                z = torch.randn(len(x), self.z_channels, x.shape[-1], device=x.device)
            x = torch.cat([x, z[:, :, None].expand(-1, -1, x.shape[2], -1)], 1)
        for layer in self.decoder:
            x = torch.cat([layer(x), skips.pop()], 1)
        mask = self.mask(x)[..., :frames]
        return torch.cat([mask, mask[:, :, -1:]], 2)
