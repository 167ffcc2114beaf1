"""The ideal ratio mask: the share of speech in each point of a noisy spectrogram."""

import torch
from torch import Tensor

from speechgan.features.stft import Stft, rescale


def ideal_ratio_mask(clean: Tensor, noisy: Tensor, features: Stft) -> Tensor:
    """`sqrt(|S|² / (|S|² + |N|²))` of speech S and noise N, the noisy wave minus the clean one.

    As Srinivasan et al. (2006) and Wang et al. (2014, "On training targets for supervised speech
    separation") have it. Where both are equally strong it is `sqrt(1/2)`; where both are 0, 0.

    Args:
        clean: `(batch, sample)`.
        noisy: the same shape, aligned to the sample.
        features: the transform; its compression is undone.

    Returns:
        `(batch, 1, frequency, frame)`, in [0, 1].
    """
    speech, noise = (power(features, wave) for wave in (clean, noisy - clean))
    return (speech / (speech + noise).clamp(min=torch.finfo(speech.dtype).tiny)).sqrt()


def power(features: Stft, wave: Tensor) -> Tensor:
    """`(batch, sample)` to squared magnitudes, `(batch, 1, frequency, frame)`."""
    return rescale(features(wave), 1 / features.power).square().sum(1, keepdim=True)
