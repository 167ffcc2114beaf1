"""SeqGAN: a reward without a gradient teaches, and tokens rest while it does."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.tokens import TokenDiscriminator
from speechgan.models.generators.token_sequence import TokenGenerator
from speechgan.systems.base import Step
from speechgan.systems.generation.sequence import SequenceGAN
from speechgan.training.run import only

TOLD = {"digits": 4, "speakers": 3, "embedding": 4}
GOOD = 3


def sequence(vocabulary: int = 8, judged: int = 8, **options: float) -> SequenceGAN:
    torch.manual_seed(0)
    return SequenceGAN(
        TokenGenerator(16, 16, vocabulary, width=32, **TOLD),
        TokenDiscriminator(judged, (1, 2), 8, **TOLD),
        **options,
    )


@pytest.fixture
def batch() -> LabelledBatch:
    """Bars, whose height is the digit, and silence."""
    torch.manual_seed(0)
    digits, speakers = torch.tensor([0, 1, 2, 3] * 4), torch.arange(16) % 3
    image = torch.full((16, 1, 16, 16), -0.9)
    for number, digit in enumerate(digits):
        image[number, 0, 4 * digit : 4 * digit + 4, 4:12] = 0.9
    labels = torch.stack([digits, speakers], 1)
    others = torch.stack([(digits + 1) % 4, (speakers + 1) % 3], 1)
    return LabelledBatch(image, labels, others)


def learn(system: SequenceGAN, batch: LabelledBatch, steps: int, *in_play: str) -> None:
    rate = torch.optim.Adam(system.generator.parameters(), 1e-2)
    for _ in range(steps):
        with only(system, "generator"):
            rate.zero_grad()
            terms = system.losses("generator", Step(batch, ("generator", *in_play)))
            torch.stack(list(terms.values())).sum().backward()
            rate.step()


def reward_one_token(system: SequenceGAN) -> Tensor:
    """A discriminator that likes one token wherever it is; its only weight."""
    weight = torch.tensor(4.0, requires_grad=True)
    judge = system.discriminator
    judge.trunk = lambda rows: [rows]
    judge.score = lambda rows, labels: {"joint": weight * ((rows == GOOD).sum(1) - 2)}
    return weight


def share(system: SequenceGAN, batch: LabelledBatch) -> float:
    with torch.no_grad():
        return float((torch.cat([system.make(batch) for _ in range(20)]) == GOOD).float().mean())


@pytest.mark.parametrize(("policy", "learns"), [(1.0, True), (0.0, False)])
def test_tokens_that_are_rewarded_become_more_likely(
    policy: float, learns: bool, batch: LabelledBatch
) -> None:
    """Though there is no gradient from the discriminator's score to a token."""
    system = sequence(likelihood=0.0, policy=policy)
    weight = reward_one_token(system)
    assert share(system, batch) < 0.3
    learn(system, batch, 60, "discriminator")
    assert (share(system, batch) > 0.8) is learns
    assert weight.grad is None


def test_a_token_is_worth_what_it_leads_to(batch: LabelledBatch) -> None:
    system = sequence(rollouts=50)
    reward_one_token(system)
    made = torch.zeros(16, 4, dtype=torch.long)
    made[:8, 1] = GOOD
    values = system.estimate(made, batch.labels)
    assert values.shape == (16, 4)
    with_it, without = values[:8].mean(0), values[8:].mean(0)
    assert abs(with_it[0] - without[0]) < 0.05 and with_it[1] - without[1] > 0.05
    # Nothing is left to be drawn behind the last one.
    [own] = system.discriminator.score(made, batch.labels).values()
    torch.testing.assert_close(values[:, 3], own.detach().sigmoid())


def test_only_what_draws_tokens_moves_while_there_is_an_adversary(batch: LabelledBatch) -> None:
    system = sequence()
    before = {name: w.clone() for name, w in system.generator.named_parameters()}
    learn(system, batch, 2, "discriminator")
    moved = {n for n, w in system.generator.named_parameters() if not torch.equal(w, before[n])}
    assert moved == {name for name in before if name.startswith("writer.")}
    terms = system.losses("generator", Step(batch, ("generator",)))
    assert set(terms) == {"likelihood", "reconstruction", "commitment"}


def test_images_are_rebuilt_and_their_rows_learned(batch: LabelledBatch) -> None:
    system = sequence()
    learn(system, batch, 150)
    with torch.no_grad():
        rebuilt = system.generator.rebuild(batch.image, batch.labels)
        drawn = system.generator(system.draw(batch), batch.labels)
    assert (rebuilt - batch.image).abs().mean() < 0.1
    assert (drawn - batch.image).abs().mean() < 0.15
    assert len(system.generator.tokenise(batch.image).unique()) > 2


def test_the_discriminator_learns_which_rows_are_real_and_match(batch: LabelledBatch) -> None:
    system = sequence()
    learn(system, batch, 150)
    made = torch.randint(8, (16, 4))
    rate = torch.optim.Adam(system.discriminator.parameters(), 1e-2)
    for _ in range(100):
        rate.zero_grad()
        costs, scores = system.discriminate(made, batch)
        costs["joint"].backward()
        rate.step()
    assert scores["joint/real"] > 1 and scores["joint/fake"] < -1
    real = system.generator.tokenise(batch.image)
    # Digits can be seen here, speakers cannot.
    wrong = torch.stack([batch.others[:, 0], batch.labels[:, 1]], 1)
    right, mistaken = (
        system.discriminator(real, labels)["joint"][0][0] for labels in (batch.labels, wrong)
    )
    assert (right - mistaken).mean() > 1


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: sequence(rollouts=0), "1 or more"),
        (lambda: sequence(spread=0.0), "above 0"),
        (lambda: sequence(judged=9), "the generator's vocabulary"),
        (lambda: SequenceGAN(TokenGenerator(), TokenDiscriminator()), "told labels"),
    ],
)
def test_what_does_not_fit_is_refused(build: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        build()
