import pytest
import torch

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft, magnitude
from speechgan.models.discriminators.metric import MetricCritic
from speechgan.models.discriminators.spectrogram import (
    JointDiscriminator,
    TwoHeadedDiscriminator,
    relative_level,
)


def signals(count: int) -> list[Signal]:
    torch.manual_seed(0)
    waves = [torch.randn(2, 48000) * 0.1 for _ in range(count)]
    return [Signal(w, Stft()(w)) for w in waves]


def test_joint_discriminator_scores_patches_of_both_images():
    noisy, other, candidate = signals(3)
    discriminator = JointDiscriminator().eval()
    scores = discriminator(noisy, candidate)["joint"]
    assert scores.shape[:2] == (2, 1) and scores[0].numel() > 16
    assert not torch.allclose(scores, discriminator(other, candidate)["joint"])
    assert not torch.allclose(scores, discriminator(noisy, other)["joint"])


def test_clarity_is_blind_to_the_condition_and_match_is_not():
    noisy, other, candidate = signals(3)
    discriminator = TwoHeadedDiscriminator().eval()
    first, second = discriminator(noisy, candidate), discriminator(other, candidate)
    torch.testing.assert_close(first["clarity"], second["clarity"])
    assert not torch.allclose(first["match"], second["match"])
    assert discriminator.conditional_heads == ("match",)


@pytest.mark.parametrize("kind", [JointDiscriminator, TwoHeadedDiscriminator])
def test_in_decibels_a_pair_looks_the_same_at_every_level(kind):
    noisy, candidate = signals(2)
    softer = [Signal(s.wave / 10, Stft()(s.wave / 10)) for s in (noisy, candidate)]
    for scale, same in (("decibels", True), ("compressed", False)):
        torch.manual_seed(0)
        discriminator = kind(scale=scale).eval()
        before, after = discriminator(noisy, candidate), discriminator(*softer)
        for head in discriminator.heads:
            assert torch.allclose(before[head], after[head], atol=1e-4) == same


def test_in_decibels_noise_in_a_pause_is_seen_most():
    torch.manual_seed(0)
    speech = torch.randn(1, 48000) * 0.1
    speech[:, 24000:] *= 0.001
    views = []
    for residue in (0.0, 0.002):
        wave = speech + residue * torch.randn(1, 48000)
        size = magnitude(Stft()(wave))
        views.append(relative_level(size, size, 0.05))
    change = (views[1] - views[0]).abs().mean((0, 1, 2))
    assert views[0].min() > -3.1 and change[-40:].mean() > 3 * change[:40].mean()


@pytest.mark.parametrize(("widths", "seen"), [((4,) * 4, 78), ((4,) * 7, 638)])
def test_the_number_of_layers_says_how_much_a_score_is_of(widths, seen):
    """A change further off than half of it changes nothing, one within it does."""
    discriminator = JointDiscriminator(widths, spectral=False).eval()
    image = torch.randn(1, 2, 257, 1601)
    changed = image.clone()
    changed[..., 0] += 1
    first, second = (
        discriminator(*[Signal(torch.zeros(1, 1), x)] * 2)["joint"][0, 0] for x in (image, changed)
    )
    step = 2 ** len(widths)
    moved = (first - second).abs().amax(0).nonzero().flatten() * step
    assert 0 < moved.max() <= seen / 2 < moved.max() + 2 * step


def test_weights_are_normalised_only_where_that_is_asked_for():
    heads = [TwoHeadedDiscriminator(spectral=spectral).clarity for spectral in (True, False)]
    assert [hasattr(head[0], "parametrizations") for head in heads] == [True, False]


def test_what_lies_below_silence_is_hardly_seen():
    noisy, candidate = signals(2)
    softer = candidate.image.clone()
    softer[..., ::2] = 1e-3  # 60 dB below the mean, or nothing at all
    silent = softer.clone()
    silent[..., ::2] = 0
    seen = []
    for silence in (1e-4, 0.2):
        torch.manual_seed(0)
        heads = TwoHeadedDiscriminator(scale="decibels", spectral=False, silence=silence).eval()
        one, other = (
            heads(noisy, Signal(candidate.wave, image))["clarity"] for image in (softer, silent)
        )
        seen.append(float((one - other).abs().mean().detach()))
    assert seen[1] < 0.1 * seen[0]
    with pytest.raises(ValueError, match="silence 0: must be above 0"):
        TwoHeadedDiscriminator(silence=0)


def test_an_unknown_scale_is_refused():
    with pytest.raises(ValueError, match="compressed, decibels"):
        TwoHeadedDiscriminator(scale="sones")


def test_a_change_in_one_place_moves_only_the_patches_around_it():
    noisy, candidate = signals(2)
    discriminator = JointDiscriminator().eval()
    image = candidate.image.clone()
    image[..., :8] += 1
    before = discriminator(noisy, candidate)["joint"]
    after = discriminator(noisy, Signal(candidate.wave, image))["joint"]
    moved = (before - after).abs().amax((0, 1, 2))
    assert moved[0] > 0 and moved[-1] == 0


def test_metric_discriminator_guesses_between_zero_and_one():
    clean, candidate = signals(2)
    guess = MetricCritic().eval()(clean, candidate)
    assert guess.shape == (2,) and (guess > 0).all() and (guess < 1).all()
