"""The judged shared-latent system: who is judged as whom, and how hard the judge pulls."""

import pytest
import torch
from torch import Tensor

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.balance import GradientBalance
from speechgan.models.discriminators.voice import VoiceDiscriminator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.judged_latent import JudgedLatentGAN

BINS, SPEAKERS = 24, 3


@pytest.fixture
def system() -> JudgedLatentGAN:
    torch.manual_seed(0)
    generator = SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1)
    discriminator = VoiceDiscriminator(BINS, SPEAKERS, widths=(8, 8), resolutions=(1, 4))
    return JudgedLatentGAN(generator, discriminator, GradientBalance(0.3, every=1))


@pytest.fixture
def batch() -> VoiceBatch:
    torch.manual_seed(1)
    source, target = torch.randn(2, 2, 1, BINS, 16)
    return VoiceBatch(source, torch.tensor([0, 1]), target, torch.tensor([2, 2]))


def test_rebuilt_voices_are_judged_as_the_source_and_converted_ones_as_the_target(
    system: JudgedLatentGAN, batch: VoiceBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Tensor, list[int]]] = []
    judge = system.discriminator.forward

    def watch(image: Tensor, speaker: Tensor) -> object:
        seen.append((image, speaker.tolist()))
        return judge(image, speaker)

    monkeypatch.setattr(system.discriminator, "forward", watch)
    step = Step(batch, system.turns)
    system.losses("generator", step)
    made = step.recall("made", lambda: pytest.fail("not kept"))
    rebuilt, converted = made.chunk(2)
    expected = [(rebuilt, [0, 1]), (batch.source, [0, 1]), (converted, [2, 2])]
    system.losses("discriminator", step)
    expected += [(made, [0, 1, 2, 2]), (torch.cat([batch.source, batch.target]), [0, 1, 2, 2])]
    assert [speakers for _, speakers in seen] == [speakers for _, speakers in expected]
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(seen, expected, strict=True))


def test_the_judge_pulls_with_its_share(
    system: JudgedLatentGAN, batch: VoiceBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the gradient of rebuilding, on what was made, however sure the discriminator is."""
    for network in system.discriminator.of_resolution:
        network.leave.bias.data.fill_(-100.0)
    made = system._make(batch)
    made.retain_grad()
    monkeypatch.setattr(system, "_make", lambda _: made)
    terms = system.losses("generator", Step(batch, system.turns))
    pulls = []
    for closeness in (True, False):
        made.grad = None
        parts = [t for name, t in terms.items() if (name == "reconstruction") is closeness]
        torch.stack(parts).sum().backward(retain_graph=True)
        pulls.append(float(made.grad.norm()))
    assert pulls[1] == pytest.approx(0.3 * pulls[0], rel=1e-3)


def test_every_resolution_knows_the_speaker_and_hears_its_own_pace() -> None:
    """What moves from frame to frame is lost to those that average over four of them."""
    torch.manual_seed(0)
    judge = VoiceDiscriminator(BINS, SPEAKERS, widths=(8, 8), resolutions=(1, 4))
    for network in judge.of_resolution:
        torch.nn.init.normal_(network.speaker.weight)
    image = torch.randn(1, 1, BINS, 16)
    flicker = image + torch.tensor([1.0, -1.0]).repeat(8)
    with torch.no_grad():
        found = [
            [scores for scores, _ in judge(i, torch.tensor([s]))["resolution"]]
            for i, s in ((image, 0), (image, 1), (flicker, 0))
        ]
    for here, other, quick in zip(*found, strict=True):
        assert not torch.allclose(here, other, atol=1e-3)
        slow = here is found[0][1]
        assert torch.allclose(here, quick, atol=1e-5) is slow
