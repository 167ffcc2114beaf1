"""How far an enhanced signal is from the clean one, with no adversary."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import torch
from torch import Tensor

from speechgan.features.emphasis import pre_emphasise
from speechgan.features.mel import LogMel
from speechgan.features.signal import Signal
from speechgan.features.stft import magnitude
from speechgan.losses.envelope import log_likelihood_ratio
from speechgan.losses.intelligibility import estoi_distance
from speechgan.losses.perceptual import pesq_distance


def wave_l1(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean absolute difference of samples."""
    return (enhanced.wave - clean.wave).abs().mean()


def pre_emphasised_wave_l1(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean absolute difference of pre-emphasised samples, as SEGAN (Pascual et al. 2017) has it."""
    return (pre_emphasise(enhanced.wave) - pre_emphasise(clean.wave)).abs().mean()


def decibels(enhanced: Signal, clean: Signal) -> Tensor:
    """Level of the error in tens of decibels above -20 dB of the clean signal, item by item.

    The negative signal-to-noise ratio with a soft threshold (Wisdom et al. 2020), shifted so that
    equal signals give 0: an item with 1 % of error weighs as much as one with 50 %.
    """
    error = (enhanced.wave - clean.wave).square().mean(-1)
    return torch.log10(1 + error / (1e-2 * clean.wave.square().mean(-1) + 1e-7)).mean()


def magnitude_l2(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean squared difference of compressed magnitudes."""
    return (magnitude(enhanced.image) - magnitude(clean.image)).square().mean()


def magnitude_l1(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean absolute difference of compressed magnitudes, as pix2pix (Isola et al. 2017) has it."""
    return (magnitude(enhanced.image) - magnitude(clean.image)).abs().mean()


def log_magnitude_l1(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean absolute difference of logarithmic compressed magnitudes.

    What the squared terms hardly see: holes in the spectrum where the clean signal has little, and
    ought to have it. The floor of 0.02 lies 70 dB below speech at -26 dBFS.
    """
    a, b = (torch.log(magnitude(signal.image) + 0.02) for signal in (enhanced, clean))
    return (a - b).abs().mean()


def complex_l2(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean squared difference of compressed complex spectra, real and imaginary parts."""
    return (enhanced.image - clean.image).square().mean()


def multi_resolution_stft(enhanced: Signal, clean: Signal) -> Tensor:
    """Spectral convergence and log-magnitude distance at three resolutions (Yamamoto et al. 2020).

    Window lengths of 240, 600 and 1200 samples in transforms of 512, 1024 and 2048.
    """
    total = enhanced.wave.new_zeros(())
    for n_fft, hop, length in ((512, 50, 240), (1024, 120, 600), (2048, 240, 1200)):
        window = torch.hann_window(length, device=enhanced.wave.device)
        a, b = (
            torch.stft(s.wave, n_fft, hop, length, window, return_complex=True)
            .abs()
            .clamp(min=1e-5)
            for s in (enhanced, clean)
        )
        total = total + (a - b).norm() / b.norm() + (a.log() - b.log()).abs().mean()
    return total / 3


def log_mel_l1(enhanced: Signal, clean: Signal) -> Tensor:
    """Mean absolute difference of log-mel spectrograms, as HiFi-GAN (Kong et al. 2020) has it.

    80 bands up to half the sample rate, as wide as they are at 16 kHz relative to it.
    """
    mel = _log_mel(enhanced.wave.device)
    return (mel(enhanced.wave) - mel(clean.wave)).abs().mean()


@lru_cache
def _log_mel(device: torch.device) -> LogMel:
    return LogMel().to(device)


CLOSENESS: dict[str, Callable[[Signal, Signal], Tensor]] = {
    "wave": wave_l1,
    "pre_emphasised_wave": pre_emphasised_wave_l1,
    "decibels": decibels,
    "magnitude": magnitude_l2,
    "magnitude_l1": magnitude_l1,
    "log_magnitude": log_magnitude_l1,
    "complex": complex_l2,
    "multi_resolution_stft": multi_resolution_stft,
    "log_mel": log_mel_l1,
    "log_likelihood_ratio": log_likelihood_ratio,
    "pesq": pesq_distance,
    "estoi": estoi_distance,
}


def choose_terms(weights: Mapping[str, float]) -> dict[str, float]:
    """Those whose weight is not 0.

    Raises:
        ValueError: a name that is not in `CLOSENESS`.
    """
    unknown = set(weights) - set(CLOSENESS)
    if unknown:
        raise ValueError(f"no closeness term {sorted(unknown)}; known: {sorted(CLOSENESS)}")
    return {name: weight for name, weight in weights.items() if weight}


def weigh_terms(weights: Mapping[str, float], made: Signal, clean: Signal) -> dict[str, Tensor]:
    """Weighted terms, by names for the log."""
    return {f"closeness/{n}": weight * CLOSENESS[n](made, clean) for n, weight in weights.items()}
