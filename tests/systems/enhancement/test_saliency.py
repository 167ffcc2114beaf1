"""Maps of what is speech, predicted with and without a discriminator of pairs."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy, softplus

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.ratio_mask import ideal_ratio_mask
from speechgan.features.stft import Stft, magnitude
from speechgan.losses.balance import GradientBalance
from speechgan.losses.closeness import Closeness
from speechgan.losses.cross_entropy import MapCrossEntropy
from speechgan.models.discriminators.base import Discriminator
from speechgan.models.discriminators.spectrogram import MapDiscriminator
from speechgan.models.generators.saliency_unet import SaliencyUNet
from speechgan.models.generators.unet import SpectrogramUNet
from speechgan.systems.base import Step
from speechgan.systems.enhancement.saliency import JudgedSaliency, Saliency
from speechgan.training.run import only

SMALL = (4, 4, 4, 4)


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:8000]) for p in pairs]) for i in (0, 1))
    return PairedBatch(noisy, clean)


def parts(generator=None) -> dict:
    torch.manual_seed(0)
    closeness = Closeness(cross_entropy={"weight": 2.0, "term": MapCrossEntropy()})
    generator = generator or SaliencyUNet(widths=SMALL)
    return {"features": Stft(), "generator": generator, "closeness": closeness}


def judged(discriminator: Discriminator) -> JudgedSaliency:
    return JudgedSaliency(
        balance=GradientBalance(share=0.5),
        discriminator=discriminator,
        objective="non_saturating",
        adversarial={"joint": 1.0},
        **parts(),
    )


class KnownScores(Discriminator):
    """3 for the true maps of the images, 0.5 for those of the items before them, -1 for others."""

    reads = "image"
    heads = conditional_heads = ("joint",)

    def forward(self, condition, candidate):
        asked = candidate.image
        score = torch.tensor(-1.0)
        for known, value in ((self.true, 3.0), (self.true.roll(1, 0), 0.5)):
            score = torch.tensor(value) if torch.equal(asked, known) else score
        # A slope for the generator to follow.
        return {"joint": score + (asked - asked.detach()).sum()}


def test_without_a_judge_the_map_is_told_the_cross_entropy_alone(batch):
    system = Saliency(**parts())
    assert system.turns == ("generator",)
    step = Step(batch, system.turns)
    terms = system.losses("generator", step)
    made = system.generate(system.signals(step)[0]).image
    ideal = ideal_ratio_mask(batch.clean, batch.noisy, system.features)
    expected = 2 * binary_cross_entropy(made, ideal)
    assert set(terms) == {"closeness/cross_entropy"}
    torch.testing.assert_close(terms["closeness/cross_entropy"], expected, atol=1e-3, rtol=0)


def test_a_map_learns_the_ideal_one_and_stays_in_range(batch):
    system = Saliency(**parts())
    optimizer = torch.optim.Adam(system.parameters(), lr=1e-2)
    errors = []
    for _ in range(20):
        step = Step(batch, system.turns)
        optimizer.zero_grad()
        system.losses("generator", step)["closeness/cross_entropy"].backward()
        optimizer.step()
        noisy, clean = system.signals(step)
        made = system.generate(noisy).image.detach()
        assert made.shape == clean.image.shape and made.min() >= 0 and made.max() <= 1
        errors.append(float((made - clean.image).abs().mean()))
    assert errors[-1] < 0.8 * errors[0]


def test_each_player_moves_only_itself(batch):
    system = judged(MapDiscriminator(SMALL, scale="decibels"))
    step = Step(batch, system.turns)
    assert system.turns == ("generator", "discriminator")
    for player in system.turns:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, step)
            torch.stack(list(terms.values())).sum().backward()
        mine = {id(p) for p in system.players()[player]}
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        assert moved and moved <= mine


def test_true_made_and_mismatched_pairs_are_told_apart(batch):
    system = judged(KnownScores())
    step = Step(batch, system.turns)
    system.discriminator.true = system.signals(step)[1].image
    cost = {score: float(softplus(torch.tensor(score))) for score in (-3.0, -1.0, 0.5, 1.0)}
    terms = system.losses("discriminator", step)
    # The true pair is to be called real, the other two, at half the weight, not.
    expected = cost[-3.0] + (cost[-1.0] + cost[0.5]) / 2
    assert float(terms["discriminator/joint"].detach()) == pytest.approx(expected)
    terms = system.losses("generator", step)
    weight = system.observations()["adversarial_weight"]
    assert float(terms["adversarial/joint"].detach()) == pytest.approx(weight * cost[1.0])


def test_the_discriminator_sees_the_image_and_the_map(batch):
    system = judged(MapDiscriminator(SMALL))
    noisy, clean = system.signals(Step(batch, ()))
    seen = system.discriminator.look_at_both(noisy, clean)
    assert torch.equal(seen, torch.cat([magnitude(noisy.image), clean.image], 1))


def test_the_map_is_a_gain_on_magnitudes_as_they_are():
    network = SaliencyUNet(widths=SMALL, power=0.3)
    spectrum = torch.randn(1, 2, 257, 16)
    saliency = torch.full((1, 1, 257, 16), 0.25)
    plain = Stft(power=1.0)
    wave = plain.inverse(spectrum, 4000)
    softer = Stft().inverse(network.weigh(saliency, Stft()(wave)[..., :16]), 2000)
    torch.testing.assert_close(softer, 0.25 * wave[:, :2000], atol=1e-5, rtol=1e-3)


def test_a_generator_without_a_map_is_refused():
    with pytest.raises(ValueError, match="SpectrogramUNet draws no map; set generator=saliency"):
        Saliency(**parts(SpectrogramUNet(widths=SMALL)))
