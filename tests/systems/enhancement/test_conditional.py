import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import OBJECTIVES
from speechgan.models.discriminators.listener import Listener
from speechgan.models.discriminators.spectrogram import JointCritic, MetricCritic, TwoHeadedCritic
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.segan import SeganCritic, SeganGenerator
from speechgan.systems.enhancement.conditional import ConditionalGAN
from speechgan.systems.enhancement.supervised import Supervised
from speechgan.training.run import only

WEIGHTS = {"joint": 0.1, "clarity": 0.1, "match": 0.1, "metric": 0.1, "listener": 0.1}


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:16000]) for p in pairs]) for i in (0, 1))
    return PairedBatch(noisy, clean)


def gan(critic=None, metric=None, **options) -> ConditionalGAN:
    torch.manual_seed(0)
    generator = BandCRN(channels=8, bands=8, hidden=8)
    return ConditionalGAN(
        Stft(), generator, {"magnitude": 1.0}, critic, metric, adversarial=WEIGHTS, **options
    )


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("critic", [JointCritic, TwoHeadedCritic])
def test_each_player_has_terms_by_name_and_moves_only_itself(batch, objective, critic):
    system = gan(critic(), objective=objective)
    in_play = frozenset(system.turns)
    for player in system.turns:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, batch, in_play)
            torch.stack(list(terms.values())).sum().backward()
        mine = {id(p) for p in system.players()[player]}
        moved = {id(p) for p in system.parameters() if p.grad is not None}
        assert moved and moved <= mine
        prefix = "adversarial/" if player == "generator" else "critic/"
        assert {prefix + head for head in critic.heads} <= set(terms)


def test_players_that_are_not_in_play_are_not_asked(batch):
    system = gan(TwoHeadedCritic())
    assert set(system.losses("generator", batch, frozenset({"generator"}))) == {
        "closeness/magnitude"
    }


def test_clarity_head_is_never_told_that_a_mismatched_clean_signal_is_bad(batch):
    system = gan(TwoHeadedCritic())
    system.losses("critic", batch, frozenset(system.turns))
    scores = system.observations()
    assert "score/match/mismatched" in scores and "score/clarity/mismatched" not in scores
    assert "score/clarity/clean" in scores and "score/clarity/generated" in scores
    assert system.observations() == {}


def test_mismatched_pairs_teach_the_match_head_to_look_at_the_condition(batch):
    """Trained on real pairs, it tells a clean signal from another item's; unshown, it does not."""
    gaps = {}
    for mismatched in (True, False):
        torch.manual_seed(0)
        system = gan(TwoHeadedCritic(), mismatched=mismatched)
        optimizer = torch.optim.Adam(system.critic.parameters(), 2e-3)
        for _ in range(80):
            optimizer.zero_grad()
            terms = system.losses("critic", batch, frozenset(system.turns))
            sum(terms.values()).backward()
            optimizer.step()
        noisy, clean = system.signals(batch)
        own = system.critic(noisy, clean)["match"].mean()
        other = system.critic(noisy, clean.roll())["match"].mean()
        gaps[mismatched] = (own - other).item()
    assert gaps[True] > gaps[False] + 0.3


def test_metric_critic_learns_the_measured_pesq(batch):
    system = gan(metric=MetricCritic(), labelled=3, label_delay=1)
    in_play = frozenset(system.turns)
    system.losses("generator", batch, in_play)
    assert set(system.losses("metric", batch, in_play)) == {"metric/clean"}
    assert set(system.losses("metric", batch, in_play)) == {"metric/clean", "metric/candidate"}


def test_the_listener_tells_the_generator_what_is_missing_and_learns_nothing(batch):
    system = gan(listener=Listener())
    assert system.turns == ("generator", "listener") and not list(system.players()["listener"])
    alone = system.losses("generator", batch, frozenset({"generator"}))
    terms = system.losses("generator", batch, frozenset(system.turns))
    assert set(terms) - set(alone) == {"adversarial/listener"}
    noisy, clean = system.signals(batch)
    shortfall = system.listener.shortfall(system.generate(noisy).wave, clean.wave)
    assert terms["adversarial/listener"].item() == pytest.approx(0.1 * shortfall.item())
    terms["adversarial/listener"].backward()
    assert any(p.grad is not None and p.grad.any() for p in system.generator.parameters())


def test_pending_labels_outlive_a_checkpoint(batch):
    first = gan(metric=MetricCritic(), labelled=2, label_delay=1)
    first.losses("metric", batch, frozenset(first.turns))
    second = gan(metric=MetricCritic(), labelled=2, label_delay=1)
    second.load_state_dict(first.state_dict())
    second.losses("metric", batch, frozenset(first.turns))
    taken = [system.labels.take() for system in (first, second)]
    assert taken[0] is None and taken[1] is None  # each call has asked once and taken once
    assert len(second.labels.pending()) == 1


def test_output_is_at_the_level_of_the_input(batch):
    system = gan()
    quiet = PairedBatch(batch.noisy * 1e-2, batch.clean * 1e-2)
    with torch.no_grad():
        torch.testing.assert_close(
            system.infer(quiet).wave * 100, system.infer(batch).wave, rtol=1e-3, atol=1e-4
        )


def test_silent_items_do_no_harm():
    system = gan(TwoHeadedCritic())
    silent = PairedBatch(torch.zeros(2, 8000), torch.zeros(2, 8000))
    for player in system.turns:
        terms = system.losses(player, silent, frozenset(system.turns))
        loss = torch.stack(list(terms.values())).sum()
        loss.backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in system.parameters())


def test_segan_plays_on_waveforms(batch):
    widths = (4, 4, 8, 8)
    system = ConditionalGAN(
        Stft(),
        SeganGenerator(widths),
        {"pre_emphasised_wave": 100.0},
        SeganCritic(16000, 2, widths),
        adversarial={"joint": 1.0},
        mismatched=False,
    )
    for player in system.turns:
        terms = system.losses(player, batch, frozenset(system.turns))
        assert all(t.isfinite() for t in terms.values())


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: gan(objective="lsgam"), "no objective 'lsgam'"),
        (lambda: Supervised(Stft(), BandCRN(), {"l3": 1.0}), "no closeness term"),
    ],
)
def test_unknown_names_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()
