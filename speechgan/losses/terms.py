"""Distances of a generated signal from the clean one, without an adversary.

Each term is a module called with the generated and the clean `Signal`; it returns a scalar that is
0 for equal signals.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from speechgan.features.emphasis import pre_emphasise
from speechgan.features.mel import LogMel
from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude


class WaveL1(nn.Module):
    """Mean absolute difference of samples.

    Args:
        pre_emphasised: whether both are pre-emphasised first, as in SEGAN (Pascual et al. 2017,
            arXiv:1703.09452).
    """

    def __init__(self, pre_emphasised: bool = False) -> None:
        super().__init__()
        self.pre_emphasised = pre_emphasised

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, in units of full scale."""
        if self.pre_emphasised:
            return (pre_emphasise(made.wave) - pre_emphasise(clean.wave)).abs().mean()
        return (made.wave - clean.wave).abs().mean()


class Decibels(nn.Module):
    """Level of the error in tens of decibels above that of a small error, item by item.

    The negative signal-to-noise ratio with a soft threshold (Wisdom et al. 2020, arXiv:2006.12701),
    shifted so that equal signals give 0: an item with 1 % of error weighs as much as one with 50 %.

    Args:
        threshold: power of the small error, relative to the clean signal's: 0.01 is -20 dB.
    """

    def __init__(self, threshold: float = 1e-2) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar."""
        error = (made.wave - clean.wave).square().mean(-1)
        small = self.threshold * clean.wave.square().mean(-1) + 1e-7
        return torch.log10(1 + error / small).mean()


class MagnitudeDistance(nn.Module):
    """Difference of compressed magnitudes.

    Args:
        power: 2 for the mean squared difference, 1 for the mean absolute one that pix2pix has
            (Isola et al. 2017, arXiv:1611.07004).
    """

    def __init__(self, power: int = 2) -> None:
        super().__init__()
        self.power = power

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar."""
        difference = magnitude(made.image) - magnitude(clean.image)
        return difference.abs().pow(self.power).mean()


class LogMagnitudeL1(nn.Module):
    """Mean absolute difference of logarithmic compressed magnitudes.

    Squared terms are insensitive to its errors: holes in the spectrum where the clean signal is
    quiet, but not silent.

    Args:
        floor: added to magnitudes; 0.02 lies 70 dB below speech at -26 dBFS.
    """

    def __init__(self, floor: float = 0.02) -> None:
        super().__init__()
        self.floor = floor

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar."""
        a, b = (torch.log(magnitude(signal.image) + self.floor) for signal in (made, clean))
        return (a - b).abs().mean()


class ComplexL2(nn.Module):
    """Mean squared difference of compressed complex spectra, real and imaginary parts."""

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar."""
        return (made.image - clean.image).square().mean()


class MultiResolutionStft(nn.Module):
    """Spectral convergence and log-magnitude distance (Yamamoto et al. 2020, arXiv:1910.11480).

    Deliberate difference: the ends are padded by zeros, not by reflection, for which a wave shorter
    than half a window has too few samples.

    Args:
        resolutions: transform length, hop and window length of each, in samples.
    """

    def __init__(
        self,
        resolutions: Sequence[tuple[int, int, int]] = (
            (512, 50, 240),
            (1024, 120, 600),
            (2048, 240, 1200),
        ),
    ) -> None:
        super().__init__()
        self.resolutions = resolutions

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, the mean over resolutions."""
        total = made.wave.new_zeros(())
        for n_fft, hop, length in self.resolutions:
            window = torch.hann_window(length, device=made.wave.device)
            a, b = (
                torch.stft(
                    s.wave, n_fft, hop, length, window, pad_mode="constant", return_complex=True
                )
                .abs()
                .clamp(min=1e-5)
                for s in (made, clean)
            )
            total = total + (a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean()
        return total / len(self.resolutions)


class LogMelL1(nn.Module):
    """Mean absolute difference of log-mel images, at one resolution or several.

    One as in HiFi-GAN (Kong et al. 2020, arXiv:2010.05646), several as in the Descript audio codec
    (Kumar et al. 2023, arXiv:2306.06546).

    Args:
        sample_rate: in hertz; the bands reach up to half of it.
        windows: in samples; the hop is a quarter.
        bands: greatest number of mel bands; it is also limited to an eighth of the window's length.
    """

    def __init__(
        self, sample_rate: int = 16000, windows: Sequence[int] = (1024,), bands: int = 80
    ) -> None:
        super().__init__()
        self.images = nn.ModuleList(
            LogMel(sample_rate, n, n // 4, min(bands, n // 8)) for n in windows
        )

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, the mean over resolutions."""
        distances = [(image(made.wave) - image(clean.wave)).abs().mean() for image in self.images]
        return torch.stack(distances).mean()
