"""A measure without a gradient teaches by what was tried."""

import pytest
import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.metrics.intrusive import normalised_pesq
from speechgan.systems.enhancement.policy import PolicyGradient
from speechgan.training.labels import measure_pesq

LOW = 64
"""Bins whose sound the measure of these tests likes."""


@pytest.fixture(scope="module")
def clean(recordings) -> Signal:
    features = Stft()
    wave = torch.stack([torch.from_numpy(pair[1][:8000]) for pair in recordings.values()])
    return Signal(wave, features(wave))


def like_bass(clean: Tensor, candidates: Tensor) -> Tensor:
    """The share of low sound, which has a gradient that the test knows and the policy does not."""
    power = Stft()(candidates).square().sum(1)
    return power[:, :LOW].sum((1, 2)) / power.sum((1, 2))


def gradient(policy: PolicyGradient, clean: Signal, seeds: int) -> Tensor:
    """By which the image would grow, the mean over draws, `(item, 2, bin, frame)`."""
    image = clean.image.clone().requires_grad_()
    for seed in range(seeds):
        torch.manual_seed(seed)
        made = Signal(clean.wave, image)
        (-policy.shortfall(made, clean) / seeds).backward()
    return image.grad


def test_it_goes_where_the_measure_goes(clean):
    policy = PolicyGradient(Stft(), like_bass, draws=8)
    way = (gradient(policy, clean, 20) * clean.image).sum((1, 3))
    assert (way[:, :LOW].sum(1) > 0).all() and (way[:, LOW:].sum(1) < 0).all()


def test_what_cannot_be_measured_teaches_nothing(clean):
    def spoilt(reference: Tensor, candidates: Tensor) -> Tensor:
        quality = like_bass(reference, candidates)
        quality[1] = torch.nan
        return quality

    way = gradient(PolicyGradient(Stft(), spoilt), clean, 1)
    assert way.flatten(1).any(1).tolist() == [True, False, True]


def test_a_measure_that_likes_all_alike_teaches_nothing(clean):
    policy = PolicyGradient(Stft(), lambda reference, candidates: torch.full((3,), 0.7))
    assert not gradient(policy, clean, 1).any()


@pytest.mark.parametrize("wrong", [{"draws": 1}, {"spread": 0.0}])
def test_one_draw_has_nothing_to_be_compared_with(wrong):
    with pytest.raises(ValueError, match="must be at least 2, and above 0"):
        PolicyGradient(Stft(), like_bass, **wrong)


def test_pesq_of_a_batch_is_pesq_of_each(recordings):
    pairs = [(noisy[:16000], clean[:16000]) for noisy, clean in recordings.values()]
    noisy, clean = (torch.stack([torch.from_numpy(p[i]) for p in pairs]) for i in (0, 1))
    noisy[0] = 0
    measured = measure_pesq(clean, noisy)
    assert measured[0].isnan()
    expected = [normalised_pesq(c, n, 16000) for n, c in pairs[1:]]
    torch.testing.assert_close(measured[1:], torch.tensor(expected))
