"""The discriminator of waves as a judge, and an adversary with a fixed share of the pull."""

from types import SimpleNamespace

import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.balance import GradientBalance
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.spectrogram import TwoHeadedDiscriminator
from speechgan.models.discriminators.wave import WaveDiscriminator
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.band_restorer import BandRestorer
from speechgan.systems.base import Step
from speechgan.systems.enhancement.balanced import BalancedGAN
from speechgan.systems.enhancement.wave import WaveJudge
from speechgan.training.run import only

KINDS = ("period", "resolution")


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:16000]) for p in pairs]) for i in (0, 1))
    return PairedBatch(noisy, clean)


@pytest.fixture
def system() -> BalancedGAN:
    torch.manual_seed(0)
    network = WaveDiscriminator((4, 4, 4, 4, 4), 4, periods=(2, 3), resolutions=(512,))
    return BalancedGAN(
        GradientBalance(share=0.5),
        features=Stft(),
        generator=BandCRN(channels=8, bands=8, hidden=8),
        closeness=Closeness(magnitude=1.0),
        discriminator=TwoHeadedDiscriminator((4, 4, 4, 4)),
        judges={"wave": WaveJudge(network)},
        adversarial={"clarity": 1.0, "match": 1.0, "wave": 1.0},
    )


def test_each_player_moves_only_itself(system, batch):
    step = Step(batch, system.turns)
    assert system.turns == ("generator", "discriminator", "wave")
    for player in system.turns:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, step)
            torch.stack(list(terms.values())).sum().backward()
        mine = {id(p) for p in system.players()[player]}
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        assert moved and moved <= mine
        if player == "wave":
            assert set(terms) == {f"wave/{kind}" for kind in KINDS}
    assert {f"score/wave/{k}/{side}" for k in KINDS for side in ("real", "fake")} <= set(
        system.observations()
    )


def test_what_the_generator_is_told_by_the_wave_judge(system, batch):
    terms = system.losses("generator", Step(batch, system.turns))
    for kind in KINDS:
        assert {f"adversarial/wave/{part}/{kind}" for part in ("adversarial", "matching")} <= set(
            terms
        )
    # Of clean speech no feature is to change.
    clean = system.signals(Step(batch, ()))[1]
    demand = system.judges["wave"].demand(clean, clean)
    assert demand["matching/period"] == 0 and demand["adversarial/period"] > 0


def test_a_wave_judge_plays_without_another_discriminator(batch):
    torch.manual_seed(0)
    network = WaveDiscriminator((4, 4, 4, 4, 4), 4, periods=(2,), resolutions=(512,))
    system = BalancedGAN(
        GradientBalance(share=0.5),
        features=Stft(),
        generator=BandRestorer(channels=8, hidden=8, bands=16, blocks=1),
        closeness=Closeness(magnitude=1.0),
        judges={"wave": WaveJudge(network)},
        adversarial={"wave": 1.0},
    )
    assert system.turns == ("generator", "wave")
    optimizers = {n: torch.optim.Adam(p, 3e-3) for n, p in system.players().items()}
    first, costs = None, []
    for number in range(12):
        step = Step(batch, system.turns if number else ("wave",))
        for player in system.turns[0 if number else 1 :]:
            system.zero_grad()
            with only(system, player):
                terms = system.losses(player, step)
                torch.stack(list(terms.values())).sum().backward()
            optimizers[player].step()
            if player == "generator":
                costs.append(float(terms["closeness/magnitude"].detach()))
                first = first or set(terms)
    assert first > {"closeness/magnitude", "adversarial/wave/matching/period"}
    assert costs[-1] < costs[0]


def test_the_wave_judge_hears_the_same_part_of_both_another_each_time():
    judge, heard = WaveJudge(WaveDiscriminator((4,), 4), samples=100), []
    judge.game = SimpleNamespace(demand=lambda *waves: heard.append(waves))
    waves = torch.arange(2000.0).reshape(2, 1000)
    for _ in range(5):
        judge.demand(Signal(waves, waves), Signal(waves, waves))
    assert all(a.shape == (2, 100) and torch.equal(a, b) for a, b in heard)
    assert len({float(a[0, 0]) for a, _ in heard}) > 1
    short = waves[:, :60]
    judge.demand(Signal(short, short), Signal(short, short))
    assert torch.equal(heard[-1][0], short)


def test_the_adversary_has_its_share_of_the_pull(system, batch):
    made = []
    generate = system.generate
    system.generate = lambda noisy: made.append(generate(noisy)) or made[-1]
    terms = system.losses("generator", Step(batch, system.turns))
    pulls = []
    for part in ("closeness", "adversarial"):
        total = torch.stack([t for name, t in terms.items() if name.startswith(part)]).sum()
        pulls.append(torch.autograd.grad(total, made[0].image, retain_graph=True)[0].norm())
    assert pulls[1] == pytest.approx(0.5 * float(pulls[0]), rel=1e-3)


def test_nobody_in_play_is_nothing_to_balance(system, batch):
    terms = system.losses("generator", Step(batch, {"generator"}))
    assert set(terms) == {"closeness/magnitude"} and int(system.balance.calls) == 0


def test_the_wave_judge_learns_to_tell_enhanced_from_clean(system, batch):
    optimizer = torch.optim.Adam(system.players()["wave"], 2e-3, betas=(0.8, 0.99))
    for _ in range(30):
        optimizer.zero_grad()
        terms = system.losses("wave", Step(batch, system.turns))
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
    scores = system.observations()
    assert all(scores[f"score/wave/{k}/real"] > scores[f"score/wave/{k}/fake"] for k in KINDS)
