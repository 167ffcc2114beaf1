import numpy as np
import pytest
import torch

from speechgan.features.signal import Signal
from speechgan.losses.envelope import LogLikelihoodRatio, autocorrelate, prediction_filter
from speechgan.metrics import composite


def signal(wave: np.ndarray) -> Signal:
    batch = torch.from_numpy(wave.astype(np.float32))[None]
    return Signal(batch, batch)


def test_the_filter_of_a_resonance_is_its_recursion():
    wave = np.zeros(480)
    wave[:3] = 1.0, 1.6, 1.6**2 - 0.8  # impulse response of 1 / (1 - 1.6 z + 0.8 z^2)
    for n in range(3, 480):
        wave[n] = 1.6 * wave[n - 1] - 0.8 * wave[n - 2]
    correlation = np.array([wave[: 480 - k] @ wave[k:] for k in range(17)])
    found = prediction_filter(torch.from_numpy(correlation)).numpy()
    assert found[:3] == pytest.approx([1, -1.6, 0.8], abs=1e-3)
    assert found[3:] == pytest.approx(np.zeros(14), abs=1e-3)


def test_order_of_candidates_is_that_of_the_published_measure(recordings):
    for noisy, clean in recordings.values():
        candidates = [clean + noise * (noisy - clean) for noise in (1.0, 0.3, 0.1, 0.03)]
        ours = [LogLikelihoodRatio()(signal(c), signal(clean)).item() for c in candidates]
        theirs = [composite.log_likelihood_ratio(clean, c, 16000) for c in candidates]
        assert np.corrcoef(ours, theirs)[0, 1] > 0.95


def test_a_missing_band_is_heard_and_a_level_is_not(recordings):
    clean = recordings["p228_wind"][1]
    spectrum = np.fft.rfft(clean)
    spectrum[len(spectrum) // 2 :] *= 0.01
    muffled = np.fft.irfft(spectrum, len(clean))
    assert LogLikelihoodRatio()(signal(muffled), signal(clean)).item() > 0.5
    assert LogLikelihoodRatio()(signal(0.5 * clean), signal(clean)).item() < 0.05


def test_silence_has_a_finite_gradient():
    clean = torch.zeros(2, 4000)
    clean[1] = torch.randn(4000, generator=torch.Generator().manual_seed(0)) * 0.1
    wave = torch.zeros(2, 4000, requires_grad=True)
    loss = LogLikelihoodRatio()(Signal(wave, wave), Signal(clean, clean))
    loss.backward()
    assert loss.isfinite() and wave.grad.isfinite().all()
    assert autocorrelate(clean).isfinite().all()
