"""A differentiable distance after PESQ."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from speechgan.features.signal import Signal
from speechgan.losses.bark import FFT, HOP, Ear


class PesqDistance(nn.Module):
    """What PESQ subtracts from its best score: mean of 0.1 D + 0.0309 A, 0 for equal signals.

    After ITU-T P.862.2, at 16 kHz, and the losses made from it before (PMSQE, Martín-Doñas et al.
    2018). The standard's alignment in time is left out, as made and clean are aligned, and so is
    its search for speech sections and bad intervals. Filters act on the power spectrum.

    Args:
        sample_rate: 16000; PESQ has no other wide-band rate.

    Raises:
        ValueError: another rate.
    """

    def __init__(self, sample_rate: int = 16000) -> None:
        super().__init__()
        if sample_rate != 16000:
            raise ValueError(
                f"sample_rate={sample_rate}: PESQ needs 16000; train without it, "
                "system.closeness.pesq=0"
            )

    def forward(self, made: Signal, clean: Signal) -> Tensor:
        """A scalar, mean over items."""
        reference, degraded = bark_power(clean.wave), bark_power(made.wave)
        ear = Ear.on(reference.device)

        speaks = ear.audible(reference, 100.0) >= 1e7
        means = [
            (power * ((power > 100 * ear.threshold) & speaks[..., None])).mean(1, keepdim=True)
            for power in (reference, degraded)
        ]
        # PESQ compensates linear filtering of the recording, within limits.
        reference = reference * ((means[1] + 1000) / (means[0] + 1000)).clamp(0.01, 100)
        gain = (ear.audible(reference) + 5e3) / (ear.audible(degraded) + 5e3)
        gain = torch.cat([gain[:, :1], 0.8 * gain[:, 1:] + 0.2 * gain[:, :-1]], 1).clamp(3e-4, 5)
        degraded = degraded * gain[..., None]

        a, b = ear.loudness(degraded), ear.loudness(reference)
        heard = ((a - b).abs() - 0.25 * torch.minimum(a, b)).clamp(min=0)
        # Added noise counts more than lost speech.
        asymmetry = ((degraded + 50) / (reference + 50)) ** 1.2
        asymmetry = torch.where(asymmetry < 3, 0.0, asymmetry.clamp(max=12))

        width, total = ear.width[1:], ear.width[1:].sum()
        symmetric = ((heard[..., 1:] * width).square().sum(-1) * total + 1e-12).sqrt()
        asymmetric = (heard * asymmetry)[..., 1:].mul(width).sum(-1)
        weight = ((ear.audible(reference) + 1e5) / 1e7) ** 0.04
        distances = [over_time((d / weight).clamp(max=45)) for d in (symmetric, asymmetric)]
        return (0.1 * distances[0] + 0.0309 * distances[1]).mean()


def bark_power(wave: Tensor) -> Tensor:
    """Powers of the Bark bands, `(batch, sample)` to `(batch, frame, 49)`, at PESQ's level."""
    ear = Ear.on(wave.device)
    window = torch.hann_window(FFT, device=wave.device)
    spectrum = torch.stft(wave, FFT, HOP, window=window, center=False, return_complex=True)
    power = torch.view_as_real(spectrum[:, :-1]).square().sum(-1).transpose(1, 2)
    level = 2 * (power @ ear.telephone).mean(1) / (FFT * window.square().sum())
    power = power * (1e7 / (level + 1e-10))[:, None, None]
    return (power * ear.pre_emphasis) @ ear.bands


def over_time(distance: Tensor) -> Tensor:
    """L6 norm over 0.3 s, which stresses the worst, then L2: `(batch, frame)` to `(batch,)`."""
    short = max(0, 20 - distance.shape[1])
    stretches = pad(distance, (0, short)).unfold(1, 20, 10)
    return (stretches + 1e-6).pow(6).mean(-1).pow(1 / 3).mean(1).sqrt()
