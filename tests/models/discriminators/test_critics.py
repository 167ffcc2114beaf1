import torch

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.models.discriminators.spectrogram import JointCritic, MetricCritic, TwoHeadedCritic


def signals(count: int) -> list[Signal]:
    torch.manual_seed(0)
    waves = [torch.randn(2, 48000) * 0.1 for _ in range(count)]
    return [Signal(w, Stft()(w)) for w in waves]


def test_joint_critic_scores_patches_of_both_images():
    noisy, other, candidate = signals(3)
    critic = JointCritic().eval()
    scores = critic(noisy, candidate)["joint"]
    assert scores.shape[:2] == (2, 1) and scores[0].numel() > 16
    assert not torch.allclose(scores, critic(other, candidate)["joint"])
    assert not torch.allclose(scores, critic(noisy, other)["joint"])


def test_clarity_is_blind_to_the_condition_and_match_is_not():
    noisy, other, candidate = signals(3)
    critic = TwoHeadedCritic().eval()
    first, second = critic(noisy, candidate), critic(other, candidate)
    torch.testing.assert_close(first["clarity"], second["clarity"])
    assert not torch.allclose(first["match"], second["match"])
    assert critic.conditional_heads == ("match",)


def test_a_change_in_one_place_moves_only_the_patches_around_it():
    noisy, candidate = signals(2)
    critic = JointCritic().eval()
    image = candidate.image.clone()
    image[..., :8] += 1
    before = critic(noisy, candidate)["joint"]
    after = critic(noisy, Signal(candidate.wave, image))["joint"]
    moved = (before - after).abs().amax((0, 1, 2))
    assert moved[0] > 0 and moved[-1] == 0


def test_metric_critic_guesses_between_zero_and_one():
    clean, candidate = signals(2)
    guess = MetricCritic().eval()(clean, candidate)
    assert guess.shape == (2,) and (guess > 0).all() and (guess < 1).all()
