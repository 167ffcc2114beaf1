import os
import signal

import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.emphasis import pre_emphasise
from speechgan.features.stft import Stft
from speechgan.losses.adversarial import OBJECTIVES
from speechgan.losses.closeness import Closeness
from speechgan.models.discriminators.listener import Listener
from speechgan.models.discriminators.metric import MetricCritic
from speechgan.models.discriminators.segan import SeganDiscriminator
from speechgan.models.discriminators.spectrogram import JointDiscriminator, TwoHeadedDiscriminator
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.segan import SeganGenerator
from speechgan.systems.base import Step
from speechgan.systems.enhancement.conditional import ConditionalGAN
from speechgan.systems.enhancement.critics import MetricRegression, Opinion
from speechgan.systems.enhancement.supervised import Supervised
from speechgan.training.labels import QualityLabels, _pool
from speechgan.training.run import only
from speechgan.utils.errors import SpeechganError

WEIGHTS = {"joint": 0.1, "clarity": 0.1, "match": 0.1, "metric": 0.1, "listener": 0.1}


@pytest.fixture(scope="module")
def batch(recordings) -> PairedBatch:
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:16000]) for p in pairs]) for i in (0, 1))
    return PairedBatch(noisy, clean)


def gan(discriminator=None, *, metric=None, listener=None, **options) -> ConditionalGAN:
    torch.manual_seed(0)
    generator = BandCRN(channels=8, bands=8, hidden=8)
    judges = {"metric": metric, "listener": listener}
    closeness = Closeness(magnitude=1.0)
    return ConditionalGAN(
        Stft(), generator, closeness, discriminator, judges, adversarial=WEIGHTS, **options
    )


def learn_metric(items: int = 3, delay: int = 1) -> MetricRegression:
    return MetricRegression(MetricCritic(), QualityLabels(items, delay))


def begin(system: Supervised, batch: PairedBatch) -> Step[PairedBatch]:
    """A step with everybody in play."""
    return Step(batch, system.turns)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("kind", [JointDiscriminator, TwoHeadedDiscriminator])
def test_each_player_has_terms_by_name_and_moves_only_itself(batch, objective, kind):
    system = gan(kind(), objective=objective)
    step = begin(system, batch)
    for player in system.turns:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, step)
            torch.stack(list(terms.values())).sum().backward()
        mine = {id(p) for p in system.players()[player]}
        moved = {id(p) for p in system.parameters() if p.grad is not None}
        assert moved and moved <= mine
        prefix = "adversarial/" if player == "generator" else "discriminator/"
        assert {prefix + head for head in system.discriminator.heads} <= set(terms)


@pytest.mark.parametrize("objective", ["lsgan", "wgan_gp"])
def test_terms_are_nearly_the_same_in_half_precision(batch, objective):
    system = gan(TwoHeadedDiscriminator(), metric=learn_metric(delay=0), objective=objective)
    for player in system.turns:
        found = []
        for mixed in (False, True):
            torch.manual_seed(0)
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                terms = system.losses(player, begin(system, batch))
            torch.stack(list(terms.values())).sum().backward()
            found.append({name: float(term.detach()) for name, term in terms.items()})
        assert found[1] == pytest.approx(found[0], rel=0.05, abs=0.02)


def test_players_move_in_any_order_and_in_steps_of_their_own(batch):
    """A generator may move every fifth step only, and the others in between."""
    system = gan(TwoHeadedDiscriminator(), metric=learn_metric(delay=0))
    judged = ("adversarial/clarity", "adversarial/match", "adversarial/metric/shortfall")
    expected = {
        "generator": {"closeness/magnitude", *judged},
        "discriminator": {"discriminator/clarity", "discriminator/match"},
        "metric": {"metric/clean", "metric/candidate"},
    }
    for players in (system.turns[::-1], *((player,) for player in system.turns)):
        step = begin(system, batch)
        for player in players:
            terms = system.losses(player, step)
            assert set(terms) == expected[player]
            assert all(term.isfinite() for term in terms.values())


@pytest.mark.parametrize(
    "order", [("generator", "discriminator", "metric"), ("metric", "discriminator")]
)
def test_the_generator_is_run_once_in_a_step_whoever_asks_first(batch, order):
    system, runs = gan(TwoHeadedDiscriminator(), metric=learn_metric()), []
    system.generator.register_forward_hook(lambda *_: runs.append(1))
    step = begin(system, batch)
    for player in order:
        system.losses(player, step)
    assert len(runs) == 1


def test_players_that_are_not_in_play_are_not_asked(batch):
    system = gan(TwoHeadedDiscriminator())
    terms = system.losses("generator", Step(batch, {"generator"}))
    assert set(terms) == {"closeness/magnitude"}


def test_clarity_head_is_never_shown_a_mismatched_clean_signal_as_fake(batch):
    system = gan(TwoHeadedDiscriminator())
    system.losses("discriminator", begin(system, batch))
    scores = system.observations()
    assert "score/match/mismatched" in scores and "score/clarity/mismatched" not in scores
    assert "score/clarity/real" in scores and "score/clarity/fake" in scores
    assert system.observations() == {}


def test_mismatched_pairs_teach_the_match_head_to_look_at_the_condition(batch):
    """Trained on real pairs, it tells a clean signal from another item's; unshown, it does not."""
    gaps = {}
    batch = PairedBatch(batch.noisy[:, 8000:], batch.clean[:, 8000:])  # half of it is enough
    for mismatched in (True, False):
        torch.manual_seed(0)
        system = gan(TwoHeadedDiscriminator(), mismatched=mismatched)
        optimizer = torch.optim.Adam(system.discriminator.parameters(), 2e-3)
        step = begin(system, batch)  # the generator stays as it is
        for _ in range(80):
            optimizer.zero_grad()
            sum(system.losses("discriminator", step).values()).backward()
            optimizer.step()
        noisy, clean = system.signals(step)
        own = system.discriminator(noisy, clean)["match"].mean()
        other = system.discriminator(noisy, clean.roll())["match"].mean()
        gaps[mismatched] = (own - other).item()
    assert gaps[True] > gaps[False] + 0.3


def test_metric_critic_learns_the_measured_pesq(batch):
    system = gan(metric=learn_metric(items=3, delay=1))
    for expected in ({"metric/clean"}, {"metric/clean", "metric/candidate"}):
        assert set(system.losses("metric", begin(system, batch))) == expected


def test_the_listener_tells_the_generator_what_is_missing_and_learns_nothing(batch):
    system = gan(listener=Opinion(Listener()))
    assert system.turns == ("generator", "listener") and not list(system.players()["listener"])
    alone = system.losses("generator", Step(batch, {"generator"}))
    step = begin(system, batch)
    terms = system.losses("generator", step)
    assert set(terms) - set(alone) == {"adversarial/listener/shortfall"}
    noisy, clean = system.signals(step)
    shortfall = system.judges["listener"].shortfall(system.generate(noisy), clean)
    assert terms["adversarial/listener/shortfall"].item() == pytest.approx(0.1 * shortfall.item())
    terms["adversarial/listener/shortfall"].backward()
    assert any(p.grad is not None and p.grad.any() for p in system.generator.parameters())


def test_pending_labels_outlive_a_checkpoint(batch):
    """A system that goes on has the same candidates measured as one that was not stopped."""
    first = gan(metric=learn_metric(items=2, delay=1))
    first.losses("metric", begin(first, batch))
    second = gan(metric=learn_metric(items=2, delay=1))
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(pending(second), pending(first), rtol=0, atol=0)
    assert len(pending(second)) == 1
    assert set(second.losses("metric", begin(second, batch))) == {
        "metric/clean",
        "metric/candidate",
    }


def pending(system: ConditionalGAN) -> list[list[torch.Tensor]]:
    return system.judges["metric"].labels.pending()


def test_labels_are_the_measured_pesq_after_their_delay(batch):
    labels = QualityLabels(items=3, delay=1)
    for _ in range(2):
        assert labels.take() is None
        labels.ask(batch.clean, batch.clean, batch.noisy)
    clean, candidate, quality = labels.take()
    assert torch.equal(clean, batch.clean) and torch.equal(candidate[:2], batch.clean[:2])
    assert torch.equal(candidate[2], batch.noisy[2])
    assert quality[:2].min() > 0.99 and quality[2] < 0.5


def test_labels_outlive_a_killed_pool(batch):
    labels = QualityLabels(items=2, delay=1)
    for _ in range(2):
        labels.ask(batch.clean, batch.clean, batch.noisy)
    end_pool()
    labels.ask(batch.clean, batch.clean, batch.noisy)
    assert all((labels.take()[2] > 0.5).tolist() == [True, False] for _ in range(2))


def test_labels_whose_pool_is_killed_again_and_again_end_in_one_error(batch, monkeypatch):
    monkeypatch.setattr("speechgan.training.labels.normalised_pesq", end_process)
    labels = QualityLabels(items=1, delay=0)
    labels.ask(batch.clean, batch.clean, batch.noisy)
    with pytest.raises(SpeechganError, match=r"measure PESQ were killed.*--resume"):
        labels.take()


def end_pool() -> None:
    """Kills the processes that measure, as SIGTERM to all processes of a training does."""
    for process in list(_pool()._processes.values()):
        os.kill(process.pid, signal.SIGTERM)
        process.join()


def end_process(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("wrong", [{"items": 0}, {"delay": -1}])
def test_labels_of_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="must be a whole number"):
        QualityLabels(**wrong)


def test_a_single_candidate_is_what_was_made(batch):
    labels = QualityLabels(items=1, delay=0)
    labels.ask(batch.clean, batch.clean, batch.noisy)
    assert torch.equal(labels.take()[1], batch.clean[:1])


def test_a_head_without_a_weight_is_named():
    with pytest.raises(ValueError, match=r"no weight of clarity; set system\.adversarial\.clarity"):
        ConditionalGAN(Stft(), BandCRN(), Closeness(), TwoHeadedDiscriminator())


def test_a_discriminator_that_would_teach_nothing_is_refused():
    weights = dict.fromkeys(WEIGHTS, 0.0)
    settings = Stft(), BandCRN(), Closeness(), JointDiscriminator()
    with pytest.raises(ValueError, match=r"its heads weigh 0; set system\.adversarial\.joint"):
        ConditionalGAN(*settings, adversarial=weights)
    one = weights | {"joint": 0.1}
    assert ConditionalGAN(*settings, adversarial=one).turns == ("generator", "discriminator")


def test_the_card_names_every_player():
    system = gan(TwoHeadedDiscriminator(), metric=learn_metric(), listener=Opinion(Listener()))
    assert system.describe() == [
        "ConditionalGAN",
        "generator (BandCRN)",
        "discriminator (TwoHeadedDiscriminator)",
        "metric (MetricRegression)",
        "listener (Opinion)",
        "lsgan",
    ]


def test_output_is_at_the_level_of_the_input(batch):
    system = gan()
    quiet = PairedBatch(batch.noisy * 1e-2, batch.clean * 1e-2)
    with torch.no_grad():
        torch.testing.assert_close(
            system.infer(quiet).wave * 100, system.infer(batch).wave, rtol=1e-3, atol=1e-4
        )


def test_silent_items_do_no_harm():
    system = gan(TwoHeadedDiscriminator())
    step = begin(system, PairedBatch(torch.zeros(2, 8000), torch.zeros(2, 8000)))
    for player in system.turns:
        torch.stack(list(system.losses(player, step).values())).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in system.parameters())


def segan() -> ConditionalGAN:
    widths = (4, 4, 8, 8)
    return ConditionalGAN(
        Stft(),
        SeganGenerator(widths),
        Closeness(pre_emphasised_wave=100.0),
        SeganDiscriminator(16000, 2, widths),
        adversarial={"joint": 1.0},
        mismatched=False,
    )


def test_segan_plays_on_waveforms(batch):
    system = segan()
    step = begin(system, batch)
    for player in system.turns[::-1]:
        assert all(t.isfinite() for t in system.losses(player, step).values())


@pytest.mark.parametrize("first", ["generator", "discriminator"])
def test_segans_reference_batch_is_of_recordings_whoever_moves_first(batch, first):
    system = segan()
    step = begin(system, batch)
    system.losses(first, step)
    pair = torch.stack([pre_emphasise(signal.wave) for signal in system.signals(step)], 1)
    torch.testing.assert_close(system.discriminator.reference, pair[:2])


def test_unknown_objectives_are_refused():
    with pytest.raises(ValueError, match="no objective 'lsgam'"):
        gan(objective="lsgam")
