import numpy as np
import pytest
import torch
from pystoi import stoi

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.intelligibility import EstoiDistance, third_octaves

RATE = 16000


def signal(wave: np.ndarray) -> Signal:
    batch = torch.from_numpy(wave.astype(np.float32))[None]
    return Signal(batch, Stft()(batch))


def measured(clean: np.ndarray, candidate: np.ndarray) -> float:
    return float(stoi(clean, candidate, RATE, extended=True))


def with_pause(wave: np.ndarray) -> np.ndarray:
    return np.concatenate([wave, np.zeros(RATE), wave])


@pytest.mark.parametrize("noise", [2.0, 1.0, 0.3, 0.1])
def test_one_less_is_the_measure(noise, recordings):
    for noisy, clean in recordings.values():
        candidate = clean + noise * (noisy - clean)
        found = 1 - EstoiDistance()(signal(candidate), signal(clean)).item()
        assert found == pytest.approx(measured(clean, candidate), abs=0.015)


def test_pauses_of_the_clean_speech_are_left_out(recordings):
    """Noise in a pause costs little: without the measure's selection of frames it would be 0.1."""
    noisy, clean = recordings["p228_wind"]
    candidate = with_pause(noisy)
    candidate[len(noisy) :][:RATE] = noisy[:RATE] - clean[:RATE]
    found = 1 - EstoiDistance()(signal(candidate), signal(with_pause(clean))).item()
    assert found == pytest.approx(measured(with_pause(clean), candidate), abs=0.015)


def test_equal_waves_and_other_levels_of_them_are_no_distance(recordings):
    clean = recordings["kerstin_wind"][1]
    for gain in (1.0, 0.3, 3.0):
        assert EstoiDistance()(signal(gain * clean), signal(clean)).item() == pytest.approx(
            0, abs=1e-3
        )


def test_a_batch_is_the_mean_of_its_items_but_counts_speechless_ones_0(recordings):
    pairs = [recordings[name] for name in ("p228_wind", "kerstin_wind")]
    length = min(len(clean) for _, clean in pairs)
    sides = [[wave[:length] for wave in side] for side in zip(*pairs, strict=True)]
    alone = [EstoiDistance()(signal(n), signal(c)).item() for n, c in zip(*sides, strict=True)]
    noisy, clean = (torch.from_numpy(np.stack(side)) for side in sides)
    together = EstoiDistance()(Signal(noisy, noisy), Signal(clean, clean)).item()
    assert together == pytest.approx(np.mean(alone), rel=1e-4)
    short = clean.clone()
    short[1, 4000:] = 0  # a quarter of a second holds no whole segment
    assert EstoiDistance()(Signal(noisy, noisy), Signal(short, short)).item() == pytest.approx(
        alone[0] / 2, rel=1e-4
    )


def test_bands_are_pystois():
    from pystoi.utils import thirdoct

    reference, _ = thirdoct(RATE, 1024, 15, 150)
    np.testing.assert_array_equal(third_octaves(torch.device("cpu")).T, reference)


def test_following_the_gradient_raises_the_real_measure(recordings):
    noisy, clean = (signal(wave) for wave in recordings["p228_coffee"])
    gain = torch.ones_like(noisy.image[:, :1]).requires_grad_()
    optimizer = torch.optim.Adam([gain], lr=0.05)
    for _ in range(20):
        enhanced = Stft().inverse(gain * noisy.image, noisy.wave.shape[-1])
        optimizer.zero_grad()
        EstoiDistance()(Signal(enhanced, noisy.image), clean).backward()
        optimizer.step()
    before, after = (
        measured(clean.wave[0].numpy(), wave.detach()[0].numpy()) for wave in (noisy.wave, enhanced)
    )
    assert after > before + 0.05


@pytest.mark.parametrize("samples", [300, 4000, 16000])
def test_silence_and_short_waves_have_a_finite_gradient(samples):
    noise = 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(0))
    clean, wave = torch.zeros(4, samples), torch.zeros(4, samples)
    clean[1], clean[2], clean[3] = noise, noise, noise
    wave[2, : samples // 2], wave[3] = noise[: samples // 2], noise
    wave.requires_grad_()
    loss = EstoiDistance()(Signal(wave, wave), Signal(clean, clean))
    loss.backward()
    assert loss.isfinite() and wave.grad.isfinite().all()
    assert wave.grad.abs().max() < 100
