"""Every system that generates: its terms, whose weights they move, and that it learns."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from speechgan.data.digits.batches import LabelledBatch
from speechgan.models.discriminators.image import (
    CoarseDiscriminator,
    ImageClassifier,
    ImageDiscriminator,
)
from speechgan.models.discriminators.tokens import TokenDiscriminator
from speechgan.models.generators.dcgan import ImageGenerator
from speechgan.models.generators.image_autoencoder import ImageAutoencoder
from speechgan.models.generators.image_search import ImageSearch
from speechgan.models.generators.music_vae import MusicVAE
from speechgan.models.generators.stacked import StackedGenerator, Stage
from speechgan.models.generators.token_sequence import TokenGenerator
from speechgan.models.layers.normal import kl_divergence
from speechgan.systems.base import Step
from speechgan.systems.generation.autoencoder import Autoencoder
from speechgan.systems.generation.base import GenerationSystem, Wish
from speechgan.systems.generation.bigan import BiGAN
from speechgan.systems.generation.cgan import ConditionalGAN, mistake
from speechgan.systems.generation.cvae_gan import CVAEGAN, mean_by_label
from speechgan.systems.generation.discriminator_only import DiscriminatorOnly
from speechgan.systems.generation.gan import GAN
from speechgan.systems.generation.sequence import SequenceGAN
from speechgan.systems.generation.stackgan import StackGAN
from speechgan.systems.generation.vae_gan import VAEGAN, known
from speechgan.training.run import only

SIZE = {"bins": 16, "frames": 8}
TOLD = {"digits": 4, "speakers": 3, "embedding": 4}
CODE = 6


def generator(**options: int) -> ImageGenerator:
    return ImageGenerator(**SIZE, code=CODE, widths=(16, 8, 8), **options)


def autoencoder(**options: int) -> ImageAutoencoder:
    return ImageAutoencoder(**SIZE, code=CODE, widths=(16, 8, 8), **options)


def music(hierarchy: bool = True) -> MusicVAE:
    return MusicVAE(**SIZE, segments=2, code=CODE, state=8, widths=(16, 8), hierarchy=hierarchy)


def judge(*heads: str, **options: int) -> ImageDiscriminator:
    return ImageDiscriminator(**SIZE, heads=heads, widths=(8, 8, 16), **options)


def cgan(*heads: str, **options: Any) -> ConditionalGAN:
    return ConditionalGAN(generator(**TOLD), judge(*heads, **TOLD), **options)


def stackgan(augmentation: float = 1.0, built_for: float | None = None) -> StackGAN:
    built_for = augmentation if built_for is None else built_for
    drawing = StackedGenerator(
        **SIZE, noise=CODE, widths=(16, 8, 8), **TOLD, augmentation=built_for
    )
    coarse = CoarseDiscriminator(**SIZE, heads=("joint",), widths=(8, 16), **TOLD)
    return StackGAN(drawing, coarse, judge("joint", **TOLD), augmentation=augmentation)


def sequence() -> SequenceGAN:
    return SequenceGAN(
        TokenGenerator(**SIZE, vocabulary=8, width=16, **TOLD),
        TokenDiscriminator(8, (1, 2), 8, **TOLD),
    )


def classes() -> ImageClassifier:
    return ImageClassifier(4, 3, **SIZE, widths=(8, 8, 16))


def search() -> ImageSearch:
    return ImageSearch(**SIZE, widths=(8, 8, 16), steps=8, stride=0.3)


SYSTEMS: dict[str, Callable[[], GenerationSystem]] = {
    "gan": lambda: GAN(generator(), judge("clear")),
    "gan, original game": lambda: GAN(generator(), judge("clear"), "original"),
    "cgan": lambda: cgan("clear", "match"),
    "cgan, one score": lambda: cgan("joint"),
    "cgan, one score by label": lambda: cgan("projection"),
    "cgan, seeking modes": lambda: cgan("projection", seeking=0.1),
    "cgan, never mismatched": lambda: cgan("joint", mismatched=False),
    "vae": lambda: Autoencoder(autoencoder()),
    "auto-encoder": lambda: Autoencoder(autoencoder(), prior=0.0),
    "music_vae": lambda: Autoencoder(music()),
    "music_vae, flat": lambda: Autoencoder(music(hierarchy=False)),
    "vae_gan": lambda: VAEGAN(autoencoder(), judge("clear")),
    "cvae_gan": lambda: CVAEGAN(
        classes(), generator=autoencoder(**TOLD), discriminator=judge("clear")
    ),
    "bigan": lambda: BiGAN(autoencoder(), judge("joint", code=CODE)),
    "discriminator_only": lambda: DiscriminatorOnly(search()),
    "stackgan": stackgan,
    "stackgan, nothing drawn but noise": lambda: stackgan(0.0),
    "sequence": sequence,
}


@pytest.fixture
def batch() -> LabelledBatch:
    """Four kinds of stripes, which labels tell apart."""
    torch.manual_seed(0)
    digits, speakers = torch.tensor([0, 1, 2, 3] * 2), torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
    image = torch.full((8, 1, 16, 8), -0.9)
    for number, digit in enumerate(digits):
        image[number, 0, 4 * digit : 4 * digit + 4] = 0.9
    labels = torch.stack([digits, speakers], 1)
    others = torch.stack([(digits + 1) % 4, (speakers + 1) % 3], 1)
    return LabelledBatch(image + 0.05 * torch.randn_like(image), labels, others)


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> GenerationSystem:
    torch.manual_seed(0)
    return SYSTEMS[request.param]()


def play(
    system: GenerationSystem,
    players: Sequence[str],
    batch: LabelledBatch,
    in_play: Sequence[str] | None = None,
) -> None:
    """One step in which these players move, in this order: their gradients."""
    step = Step(batch, system.turns if in_play is None else in_play)
    for player in players:
        with only(system, player):
            total = torch.stack(list(system.losses(player, step).values())).sum()
            assert total.isfinite()
            total.backward()


def test_players_move_their_own_weights_and_all_of_them(
    system: GenerationSystem, batch: LabelledBatch
) -> None:
    players = {name: {id(p) for p in w} for name, w in system.players().items()}
    assert sum(map(len, players.values())) == len(set().union(*players.values()))
    names = {id(p): name for name, p in system.named_parameters()}
    for player in system.turns:
        system.zero_grad()
        # Some weights rest once there is somebody to play against.
        for in_play in ([player], system.turns):
            play(system, [player], batch, in_play)
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        assert moved <= players[player]
        # What normalisation takes out again has no slope: biases before it.
        still = [names[p] for p in players[player] - moved if not names[p].endswith("bias")]
        assert not still


def test_players_move_in_any_order_and_in_steps_of_their_own(
    system: GenerationSystem, batch: LabelledBatch
) -> None:
    for players in (system.turns, system.turns[::-1], *((p,) for p in system.turns)):
        system.zero_grad()
        play(system, players, batch)
        moved = {n for n, w in system.players().items() if any(p.grad is not None for p in w)}
        assert moved == set(players)


def test_what_the_generator_made_is_judged_and_not_made_again(
    system: GenerationSystem, batch: LabelledBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Step(batch, system.turns)
    system.losses("generator", step)
    for place, name in ((system.generator, "forward"), (system, "draw")):
        monkeypatch.setattr(place, name, lambda *_: pytest.fail("made again"))
    for player in set(system.turns) - {"generator"}:
        system.losses(player, step)


def test_generates_what_labels_and_code_say(system: GenerationSystem) -> None:
    # In training mode: by the statistics of untrained networks differences fade away.
    codes, labels = torch.randn(2, system.generator.code), torch.tensor([[0, 0], [0, 0]])
    with torch.no_grad():
        one = system.infer(Wish(codes, labels))
        other = system.infer(Wish(codes, labels + 1))
    assert one.shape == (2, 1, 16, 8) and one.abs().max() <= 1
    assert not torch.allclose(one[0], one[1], atol=1e-5)
    told = bool(system.generator.digits)
    assert torch.equal(one, other) is not told


def test_terms_are_nearly_the_same_in_half_precision(
    system: GenerationSystem, batch: LabelledBatch
) -> None:
    for player in system.turns:
        found = []
        for mixed in (False, True):
            torch.manual_seed(0)
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                terms = system.losses(player, Step(batch, system.turns))
            found.append(float(torch.stack([t.detach().float() for t in terms.values()]).sum()))
        assert found[1] == pytest.approx(found[0], rel=0.08, abs=0.05)


def train(system: GenerationSystem, batch: LabelledBatch, steps: int) -> None:
    rates = {
        name: torch.optim.Adam(weights, 3e-3, (0.5, 0.99))
        for name, weights in system.players().items()
    }
    for _ in range(steps):
        step = Step(batch, system.turns)
        for player, rate in rates.items():
            with only(system, player):
                rate.zero_grad()
                torch.stack(list(system.losses(player, step).values())).sum().backward()
                rate.step()


def test_what_is_told_the_digit_learns_to_draw_it(batch: LabelledBatch) -> None:
    """Each of four digits is a stripe of its own."""
    torch.manual_seed(0)
    system = SYSTEMS["cvae_gan"]()
    train(system, batch, 80)
    system.eval()
    with torch.no_grad():
        made = system.infer(Wish(torch.randn(8, CODE), batch.labels))
    stripes = made[:, 0].reshape(8, 4, 4, 8).mean((2, 3))
    assert (stripes.argmax(1) == batch.labels[:, 0]).float().mean() >= 0.9


@pytest.mark.parametrize(
    ("heads", "mismatched", "steps", "learns"),
    [
        (("clear", "match"), True, 150, True),
        (("joint",), True, 250, True),
        (("projection",), True, 100, True),
        (("joint",), False, 250, False),
    ],
)
def test_mismatched_pairs_teach_what_a_label_means(
    heads: tuple[str, ...], mismatched: bool, steps: int, learns: bool, batch: LabelledBatch
) -> None:
    """Without them the discriminator need not look at the labels."""
    torch.manual_seed(0)
    system = cgan(*heads, mismatched=mismatched)
    rate = torch.optim.Adam(system.discriminator.parameters(), 2e-3, (0.5, 0.99))
    for _ in range(steps):
        rate.zero_grad()
        terms = system.losses("discriminator", Step(batch, system.turns))
        terms[f"discriminator/{heads[-1]}"].backward()
        rate.step()
    wrong = torch.stack([batch.others[:, 0], batch.labels[:, 1]], 1)
    with torch.no_grad():
        right, mistaken = (
            system.discriminator(batch.image, labels)[heads[-1]][0][0]
            for labels in (batch.labels, wrong)
        )
    assert bool((right - mistaken).mean() > 1) is learns


def test_a_discriminator_alone_learns_to_draw(batch: LabelledBatch) -> None:
    torch.manual_seed(0)
    system = SYSTEMS["discriminator_only"]()
    wish = Wish(system.draw(batch), batch.labels)

    def find_nearest() -> Tensor:
        with torch.no_grad():
            made = system.infer(wish)
        return (made[:, None] - batch.image).abs().mean((2, 3, 4)).amin(1).mean()

    before = find_nearest()
    train(system, batch, 150)
    assert find_nearest() < 0.5 * before


def test_a_search_climbs_and_looks_at_no_other_image(batch: LabelledBatch) -> None:
    torch.manual_seed(0)
    searching = search()
    codes = torch.randn(8, searching.code)
    with torch.no_grad():
        found = searching(codes, batch.labels)
        before = searching.score(codes.view(8, 1, 16, 8).clamp(-1, 1))
        assert (searching.score(found) > before).all()
        alone = searching(codes[:1], batch.labels[:1])
    assert torch.allclose(found[:1], alone, atol=1e-4)
    assert not found.requires_grad


@pytest.mark.parametrize("name", ["vae", "auto-encoder", "vae_gan", "music_vae", "music_vae, flat"])
def test_what_rebuilds_learns_to(name: str, batch: LabelledBatch) -> None:
    torch.manual_seed(0)
    system = SYSTEMS[name]()
    with torch.no_grad():
        before = (system.generator.rebuild(*known(batch)) - batch.image).abs().mean()
    train(system, batch, 100)
    system.eval()
    with torch.no_grad():
        after = (system.generator.rebuild(*known(batch)) - batch.image).abs().mean()
    assert after < 0.4 * before


@pytest.mark.parametrize("name", ["music_vae", "music_vae, flat"])
def test_a_sequence_is_rebuilt_in_its_order(name: str, batch: LabelledBatch) -> None:
    """Two stripes one after the other, of which each batch has both orders."""
    torch.manual_seed(0)
    system = SYSTEMS[name]()
    halves = torch.cat([batch.image[..., :4], batch.image.roll(1, 0)[..., 4:]], 3)
    both = torch.cat([halves, halves.roll(4, 3)])
    sequences = LabelledBatch(both, batch.labels.repeat(2, 1), batch.others.repeat(2, 1))
    train(system, sequences, 130)
    system.eval()
    with torch.no_grad():
        rebuilt = system.generator.rebuild(*known(sequences))
    stripes, said = (
        x[:, 0].reshape(16, 4, 4, 2, 4).mean((2, 4)).argmax(1) for x in (rebuilt, both)
    )
    assert (stripes == said).float().mean() >= 0.9


def test_one_label_that_is_told_is_wrong_in_a_mismatched_pair(batch: LabelledBatch) -> None:
    torch.manual_seed(0)
    wrong = torch.cat([mistake(batch, (0, 1)) for _ in range(20)])
    labels, others = batch.labels.repeat(20, 1), batch.others.repeat(20, 1)
    different = wrong != labels
    assert (different.sum(1) == 1).all() and different.any(0).all()
    assert torch.equal(wrong[different], others[different])
    assert (mistake(batch, (0,)) != batch.labels).tolist() == [[True, False]] * 8


def test_where_there_is_one_speaker_mismatched_pairs_have_another_digit(
    batch: LabelledBatch,
) -> None:
    torch.manual_seed(0)
    batch.labels[:, 1] = batch.others[:, 1] = 0
    wrong = torch.cat([mistake(batch, (0, 1)) for _ in range(5)])
    assert (wrong != batch.labels.repeat(5, 1)).tolist() == [[True, False]] * 40


def test_a_score_for_each_question(batch: LabelledBatch) -> None:
    """Whether it is real is asked of generated images, whether it matches of real ones only."""
    system = cgan("clear", "match")
    noise = torch.randn_like(batch.image)
    one, _ = system.discriminate(noise, batch)
    torch.manual_seed(0)
    other, _ = system.discriminate(-noise, batch)
    assert not torch.allclose(one["clear"], other["clear"])
    torch.manual_seed(1)
    first = system.discriminate(noise, batch)[0]["match"]
    torch.manual_seed(1)
    assert torch.allclose(first, system.discriminate(-noise, batch)[0]["match"])


def test_without_mismatched_pairs_wrong_labels_are_never_shown(batch: LabelledBatch) -> None:
    system = cgan("joint", mismatched=False)
    costs, scores = system.discriminate(batch.image, batch)
    assert set(costs) == {"joint"} and "joint/mismatched" not in scores


def test_by_projection_each_label_has_a_score_of_its_own(batch: LabelledBatch) -> None:
    """What the other label is makes no difference, so that a pair never heard is judged fairly."""
    digits, speakers = batch.labels.unbind(1)
    pairs = [(digits, speakers), (digits, 0 * speakers), (0 * digits, speakers), (0, 0)]
    found = {}
    for head in ("joint", "projection"):
        ask = judge(head, **TOLD)
        ask.apply(lambda m: [p.data.normal_() for p in m.parameters(recurse=False)])
        seen = ask.trunk(batch.image)[-1]
        labels = [torch.stack([d + 0 * digits, s + 0 * digits], 1) for d, s in pairs]
        both, one, other, none = (ask.score(seen, pair)[head] for pair in labels)
        assert (both - none).abs().max() > 0.1
        found[head] = torch.allclose(both - one, other - none, atol=1e-4)
    assert found == {"joint": False, "projection": True}


def test_seeking_draws_images_of_two_codes_apart(batch: LabelledBatch) -> None:
    torch.manual_seed(0)
    system = cgan("projection", seeking=0.5)
    rate = torch.optim.Adam(system.generator.parameters(), 2e-3)

    def find_distance() -> float:
        with torch.no_grad():
            one, other = (system.infer(Wish(system.draw(batch), batch.labels)) for _ in range(2))
            return float((one - other).abs().mean())

    before = find_distance()
    for _ in range(40):
        rate.zero_grad()
        system.losses("generator", Step(batch, system.turns))["seeking"].backward()
        rate.step()
    assert find_distance() > 3 * before
    assert "seeking" not in cgan("projection").losses("generator", Step(batch, system.turns))


def test_the_prior_draws_codes_to_a_standard_normal_distribution() -> None:
    zero = torch.zeros(5, 3)
    assert kl_divergence(zero, zero) == 0
    assert kl_divergence(zero + 2, zero) == pytest.approx(3 * 4 / 2)
    spread = torch.full((5, 3), 2.0).log()
    assert float(kl_divergence(zero, spread)) == pytest.approx(3 * (2 - 1 - 0.693147) / 2, abs=1e-5)


def test_codes_of_a_plain_auto_encoder_are_not_drawn(batch: LabelledBatch) -> None:
    plain, drawn = SYSTEMS["auto-encoder"]().eval(), SYSTEMS["vae"]().eval()
    step = Step(batch, ())
    for system, same in ((plain, True), (drawn, False)):
        torch.nn.init.normal_(system.generator.decoder.project.weight)
        one, other = (system.losses("generator", step)["reconstruction"] for _ in range(2))
        assert torch.equal(one, other) is same


def test_the_encoder_does_not_hear_the_score(batch: LabelledBatch) -> None:
    """Of VAE-GAN: with nothing matched and nothing rebuilt only the decoder moves."""
    system = VAEGAN(autoencoder(), judge("clear"), prior=0.0, spread=1e9, matching=0.0)
    play(system, ["generator"], batch)

    def pull(network: torch.nn.Module) -> float:
        return sum(float(p.grad.abs().sum()) for p in network.parameters())

    assert pull(system.generator.decoder) > 1e4 * pull(system.generator.encoder)


def test_encoder_and_generator_of_bigan_want_each_others_place(batch: LabelledBatch) -> None:
    system = SYSTEMS["bigan"]()
    head = system.discriminator.scores[0][-1]
    head.weight.data.zero_()
    for score in (-3.0, 3.0):
        head.bias.data.fill_(score)
        terms = system.losses("generator", Step(batch, system.turns))
        sure = terms["adversarial/encoder"] > terms["adversarial/generator"]
        assert bool(sure) is (score > 0)


def test_stage_two_gives_stage_one_no_gradient(batch: LabelledBatch) -> None:
    system = stackgan()
    step = Step(batch, system.turns)
    terms = system.losses("generator", step)
    sum(term for name, term in terms.items() if name.startswith("full/")).backward()
    moved = {n.split(".")[0] for n, p in system.generator.named_parameters() if p.grad is not None}
    assert moved == {"second", "second_condition"}


def test_a_stage_keeps_still_until_its_judge_is_in_play(batch: LabelledBatch) -> None:
    """As in the paper, where Stage II is trained when Stage I is done."""
    system = stackgan()
    for judges in ((), ("coarse_discriminator",)):
        early = system.losses("generator", Step(batch, ("generator", *judges)))
        assert set(early) == {"coarse/adversarial/joint", "coarse/augmentation"}
    sum(early.values()).backward()
    still = (system.generator.second, system.generator.second_condition)
    assert all(p.grad is None for network in still for p in network.parameters())


@pytest.mark.parametrize("augmentation", [0.0, 1.0])
@torch.no_grad()
def test_both_conditions_are_drawn_unless_augmentation_is_off(augmentation: float) -> None:
    drawing = stackgan(augmentation).eval().generator
    labels = torch.tensor([[1, 2]])
    code = torch.randn(1, drawing.code)
    noise, first, second = code.split(drawing.parts, 1)
    one = drawing.stages(code, labels)
    for parts, changed in (
        ((noise, -first, second), (True, True)),
        ((noise, first, -second), (False, True)),
    ):
        other = drawing.stages(torch.cat(parts, 1), labels)
        found = tuple(not torch.equal(a.image, b.image) for a, b in zip(one, other, strict=True))
        assert found == (changed if augmentation else (False, False))


def test_each_discriminator_judges_its_stage(
    batch: LabelledBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The coarse one real images in which every point is the mean of four."""
    system = stackgan()
    drawn: list[torch.Tensor] = []
    stages = system.generator.stages

    def note(*given: torch.Tensor) -> tuple[Stage, Stage]:
        made = stages(*given)
        drawn.extend(stage.image for stage in made)
        return made

    monkeypatch.setattr(system.generator, "stages", note)
    pooled = batch.image.unflatten(2, (8, 2)).unflatten(4, (4, 2)).mean((3, 5))
    step = Step(batch, system.turns)
    for player in system.turns:
        seen: dict[str, list[torch.Tensor]] = {"coarse_discriminator": [], "discriminator": []}
        hooks = [
            system.get_submodule(name).trunk.register_forward_pre_hook(
                lambda _, given, own=own: own.append(given[0])
            )
            for name, own in seen.items()
        ]
        system.losses(player, step)
        for hook in hooks:
            hook.remove()
        for (name, own), made, real in zip(seen.items(), drawn, (pooled, batch.image), strict=True):
            expected = [made] if player == "generator" else [real, made] if player == name else []
            assert len(own) == len(expected)
            assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(own, expected, strict=True))


def test_means_are_taken_label_by_label() -> None:
    features = torch.tensor([[1.0], [3.0], [10.0]])[:, :, None]
    means = mean_by_label(features, torch.tensor([0, 0, 2]))
    assert means[:, 0, 0].tolist() == [2.0, 0.0, 10.0]


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda: judge("joint"), "need labels or a code"),
        (lambda: judge("real", **TOLD), "must be of clear, match, joint"),
        (lambda: judge("projection", code=CODE, **TOLD), "take joint where there is a code"),
        (lambda: ImageGenerator(bins=20, frames=64), "cannot be halved 4 times"),
        (lambda: GAN(generator(), judge("clear"), "wgan_gp"), "needs a penalty"),
        (lambda: VAEGAN(autoencoder(), judge("clear"), objective="wgan_gp"), "needs a penalty"),
        (lambda: BiGAN(autoencoder(), judge("joint", code=CODE), "wgan_gp"), "needs a penalty"),
        (lambda: cgan("joint", seeking=-1.0), "must be 0 or more"),
        (lambda: BiGAN(autoencoder(), judge("clear")), "the generator's code"),
        (lambda: Autoencoder(autoencoder(), prior=-1.0), "at least 0"),
        (lambda: stackgan(-1.0), "at least 0"),
        (lambda: stackgan(0.0, built_for=1.0), "0 where the generator's is"),
        (lambda: StackedGenerator(**SIZE, widths=(8, 8)), "at least 3 widths"),
        (lambda: StackedGenerator(digits=0), "and labels"),
    ],
)
def test_what_does_not_fit_is_refused(build: Callable[[], object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        build()
