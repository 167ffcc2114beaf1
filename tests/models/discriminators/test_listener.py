import numpy as np
import pytest
import torch

from speechgan.features.stft import Stft
from speechgan.metrics.dnsmos import dnsmos
from speechgan.models.discriminators.listener import Listener

WINDOW = int(9.01 * 16000)


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener()


def batch(*waves: np.ndarray) -> torch.Tensor:
    return torch.stack([torch.from_numpy(wave) for wave in waves])


def test_opinions_are_those_of_dnsmos(listener, recordings):
    waves = [np.resize(wave, WINDOW) for wave in recordings["p228_coffee"]]
    opinions = listener(batch(*waves)).numpy()
    # The quadratics that the authors' script has.
    signal = np.polyval([-0.08397278, 1.22083953, 0.0052439], opinions[:, 0])
    background = np.polyval([-0.13166888, 1.60915514, -0.39604546], opinions[:, 1])
    overall = np.polyval([-0.06766283, 1.11546468, 0.04602535], opinions[:, 2])
    for found, wave in zip(zip(signal, background, overall, strict=True), waves, strict=True):
        assert found == pytest.approx(tuple(dnsmos(wave, 16000)), abs=1e-3)


def test_shorter_sounds_are_judged_about_alike(listener, recordings):
    cut = recordings["kerstin_wind"][0][:32000]
    short, whole = (listener(batch(wave)) for wave in (cut, np.resize(cut, WINDOW)))
    assert (short - whole).abs().max() < 0.4


def test_following_the_gradient_raises_the_real_measure(listener, recordings):
    noisy, clean = (batch(wave[:32000]) for wave in recordings["p228_coffee"])
    image = Stft()(noisy)
    gain = torch.ones_like(image[:, :1]).requires_grad_()
    optimizer = torch.optim.Adam([gain], lr=0.05)
    for _ in range(8):
        enhanced = Stft().inverse(gain * image, noisy.shape[-1])
        optimizer.zero_grad()
        (listener(clean).detach() - listener(enhanced)).clamp(min=0).mean().backward()
        optimizer.step()
    before, after = (
        dnsmos(np.resize(wave.detach()[0].numpy(), WINDOW), 16000).overall
        for wave in (noisy, enhanced)
    )
    assert after > before + 0.2


def test_it_has_nothing_to_train_and_nothing_to_save(listener):
    assert not list(listener.parameters()) and not listener.state_dict()


def test_another_sample_rate_is_refused():
    with pytest.raises(ValueError, match=r"sample_rate=48000: .*system\.judges\.listener=null"):
        Listener(48000)
