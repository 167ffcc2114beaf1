import math

import numpy as np
import pytest
import torch
from pesq import pesq

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.perceptual import PesqDistance

RATE = 16000


def signal(wave: np.ndarray) -> Signal:
    batch = torch.from_numpy(wave.astype(np.float32))[None]
    return Signal(batch, Stft()(batch))


def mark(distance: float) -> float:
    """From P.862's distance to the scale of P.862.2."""
    return 0.999 + 4 / (1 + math.exp(-1.3669 * (4.5 - distance) + 3.8224))


def test_marks_agree_with_the_standard(recordings):
    for noisy, clean in recordings.values():
        for noise in (1.0, 0.3, 0.1):
            candidate = clean + noise * (noisy - clean)
            distance = PesqDistance()(signal(candidate), signal(clean)).item()
            assert mark(distance) == pytest.approx(pesq(RATE, clean, candidate, "wb"), abs=0.15)


def test_a_louder_copy_is_no_worse(recordings):
    noisy, clean = recordings["p228_wind"]
    once, twice = (PesqDistance()(signal(g * noisy), signal(clean)).item() for g in (1.0, 2.0))
    assert twice == pytest.approx(once, rel=1e-4)


def test_following_the_gradient_raises_the_real_mark(recordings):
    noisy, clean = (signal(wave) for wave in recordings["p228_coffee"])
    gain = torch.ones_like(noisy.image[:, :1]).requires_grad_()
    optimizer = torch.optim.Adam([gain], lr=0.05)
    for _ in range(20):
        enhanced = Stft().inverse(gain * noisy.image, noisy.wave.shape[-1])
        optimizer.zero_grad()
        PesqDistance()(Signal(enhanced, noisy.image), clean).backward()
        optimizer.step()
    before, after = (
        pesq(RATE, clean.wave[0].numpy(), wave.detach()[0].numpy(), "wb")
        for wave in (noisy.wave, enhanced)
    )
    assert after > before + 0.3


@pytest.mark.parametrize("samples", [512, 4000])
def test_silence_and_short_waves_have_a_finite_gradient(samples):
    clean = torch.zeros(2, samples)
    clean[1] = torch.randn(samples, generator=torch.Generator().manual_seed(0)) * 0.1
    wave = torch.zeros(2, samples, requires_grad=True)
    loss = PesqDistance()(Signal(wave, wave), Signal(clean, clean))
    loss.backward()
    assert loss.isfinite() and wave.grad.isfinite().all()
