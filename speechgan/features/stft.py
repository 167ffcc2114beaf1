"""The image: a power-compressed complex spectrogram with an exact inverse."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Stft(nn.Module):
    """Short-time Fourier transform, seen as an image with a real and an imaginary channel.

    Magnitudes are raised to `power` and phases kept (Braun & Tashev 2020), so that quiet harmonics
    are not negligible beside loud ones. Frame `t` covers the samples
    `t * hop_length - (n_fft - hop_length) ... t * hop_length + hop_length - 1`: its last hop is
    new, and a causal network has an algorithmic latency of `n_fft` samples.

    Args:
        n_fft: window and transform length, in samples.
        hop_length: step between frames, in samples; must divide `n_fft` into two or more.
        power: exponent on the magnitudes, in (0, 1]; 1 leaves the spectrum as it is.
    """

    def __init__(self, n_fft: int = 512, hop_length: int = 256, power: float = 0.3) -> None:
        super().__init__()
        if hop_length > n_fft // 2 or n_fft % hop_length:
            raise ValueError(f"hop_length {hop_length} must divide n_fft {n_fft} at least twice")
        if hop_length < 1 or not 0 < power <= 1:
            raise ValueError(
                f"hop_length {hop_length}, power {power}: must be 1 or more, in (0, 1]"
            )
        self.n_fft, self.hop_length, self.power = n_fft, hop_length, power
        window = torch.hann_window(n_fft, dtype=torch.float64).sqrt()
        # With the dual window overlap-add is an exact inverse, without a division afterwards.
        envelope = window.square().view(-1, hop_length).sum(0).repeat(n_fft // hop_length)
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("dual_window", (window / envelope).float(), persistent=False)
        self.window: Tensor
        self.dual_window: Tensor

    @property
    def bins(self) -> int:
        """Number of frequencies, from 0 to half the sample rate."""
        return self.n_fft // 2 + 1

    @property
    def overlap(self) -> int:
        """Samples that a frame shares with those before it."""
        return self.n_fft - self.hop_length

    def frames(self, samples: int) -> int:
        """Frames of the image of a wave of so many samples."""
        return -(-(samples + self.overlap) // self.hop_length)

    def forward(self, wave: Tensor) -> Tensor:
        """`(batch, sample)` to `(batch, 2, frequency, frame)`, whole signal."""
        samples = wave.shape[-1]
        right = (self.frames(samples) - 1) * self.hop_length + self.n_fft - samples - self.overlap
        return self.analyse(F.pad(wave, (self.overlap, right)))

    def inverse(self, image: Tensor, samples: int) -> Tensor:
        """`(batch, 2, frequency, frame)` to `(batch, samples)`: undoes `forward`."""
        return self.synthesise(image)[:, self.overlap : self.overlap + samples]

    def analyse(self, wave: Tensor) -> Tensor:
        """Image of `(frame - 1) * hop_length + n_fft` samples, with nothing added at the ends."""
        frames = wave.unfold(-1, self.n_fft, self.hop_length) * self.window
        spectrum = torch.view_as_real(torch.fft.rfft(frames)).permute(0, 3, 2, 1)
        return rescale(spectrum, self.power)

    def synthesise(self, image: Tensor) -> Tensor:
        """Overlap-added frames: the first and last `n_fft - hop_length` samples are partial."""
        spectrum = rescale(image, 1 / self.power).permute(0, 3, 2, 1).contiguous()
        frames = torch.fft.irfft(torch.view_as_complex(spectrum), n=self.n_fft) * self.dual_window
        samples = (frames.shape[1] - 1) * self.hop_length + self.n_fft
        return F.fold(
            frames.transpose(1, 2), (1, samples), (1, self.n_fft), stride=(1, self.hop_length)
        )[:, 0, 0]


def rescale(image: Tensor, power: float) -> Tensor:
    """Raises the magnitude of a complex image `(batch, 2, frequency, frame)` to `power`.

    Phases stay; zero stays zero, with a gradient of zero.
    """
    if power == 1:
        return image
    # The smallest normal number keeps 0 ** negative from becoming infinite.
    square = image.square().sum(1, keepdim=True).clamp(min=torch.finfo(torch.float32).tiny)
    return image * square ** ((power - 1) / 2)


def magnitude(image: Tensor) -> Tensor:
    """`(batch, 2, frequency, frame)` to `(batch, 1, frequency, frame)`, with a bounded gradient."""
    return (image.square().sum(1, keepdim=True) + 1e-9).sqrt()
