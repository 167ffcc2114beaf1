"""Every conversion system: its terms, whose weights they move, and that it learns."""

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.losses.balance import GradientBalance
from speechgan.losses.bin_distance import BinDistance
from speechgan.models.discriminators.cyclegan_vc import TwoDiscriminators
from speechgan.models.discriminators.shared_latent import CodeClassifier, SpeakerDiscriminator
from speechgan.models.discriminators.stargan_vc import StarClassifier, StarDiscriminator
from speechgan.models.discriminators.voice import VoiceDiscriminator
from speechgan.models.generators.cyclegan_vc import TwoWay
from speechgan.models.generators.fhvae import FHVAE
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.models.generators.stargan_vc import StarGenerator
from speechgan.systems.base import Step
from speechgan.systems.conversion.base import ConversionSystem, Request
from speechgan.systems.conversion.cycle import CycleGAN, CycleWeights
from speechgan.systems.conversion.direct import Aligned, DirectGAN
from speechgan.systems.conversion.fhvae import SegmentBound
from speechgan.systems.conversion.judged_latent import JudgedLatentGAN
from speechgan.systems.conversion.shared_latent import SharedLatentGAN, SharedLatentWeights
from speechgan.systems.conversion.star import StarGAN, StarWeights
from speechgan.training.run import only

BINS, SPEAKERS, FRAMES = 24, 3, 32


def make_batch(speakers: int = SPEAKERS) -> VoiceBatch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 4, 1, BINS, FRAMES, generator=generator)
    source = torch.tensor([0, 1, 2, 0]) % speakers if speakers > 2 else torch.zeros(4).long()
    target = torch.tensor([1, 2, 0, 2]) if speakers > 2 else torch.ones(4).long()
    return VoiceBatch(images[0], source, images[1], target)


def cycle(**options: object) -> CycleGAN:
    generator = TwoWay(BINS, width=0.03, blocks=1, masked=bool(options.get("mask_frames")))
    return CycleGAN(generator, TwoDiscriminators(width=0.03), **options)


class DoNothing(nn.Module):
    def forward(self, image: Tensor, *about: Tensor | None) -> Tensor:
        return image


class Mirror(nn.Module):
    """Another vocal tract that is easily known again."""

    def forward(self, image: Tensor) -> Tensor:
        return -image


def star(classifier: bool = True, **options: object) -> StarGAN:
    sizes = {"bins": BINS, "speakers": SPEAKERS, "width": 0.25}
    judges = StarDiscriminator(**sizes), StarClassifier(**sizes) if classifier else None
    return StarGAN(StarGenerator(**sizes), *judges, **options)


def latent(
    latent_turns: str = "alternating", objective: str = "lsgan", **options: object
) -> SharedLatentGAN:
    networks = {
        k: options.pop(k) for k in ("encoders", "decoders", "shared_layers") if k in options
    }
    return SharedLatentGAN(
        SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1, **networks),
        SpeakerDiscriminator(SPEAKERS, width=0.03),
        CodeClassifier(4, SPEAKERS, 8),
        SharedLatentWeights(**options),
        objective,
        latent_turns,
    )


def judged(share: float = 0.3, **options: object) -> JudgedLatentGAN:
    return JudgedLatentGAN(
        SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1),
        VoiceDiscriminator(BINS, SPEAKERS, widths=(8, 8), resolutions=(1, 2)),
        GradientBalance(share),
        **options,
    )


def direct(**options: object) -> DirectGAN:
    generator = ShallowGenerator(BINS, SPEAKERS, 8)
    # It begins as the identity, which its own terms cannot better.
    torch.nn.init.normal_(generator.leave.weight, std=0.1)
    embedding = SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1)
    discriminator = SpeakerDiscriminator(SPEAKERS, width=0.03)
    return DirectGAN(generator, discriminator, embedding, consistency=1.0, **options)


def bound() -> SegmentBound:
    generator = FHVAE(BINS, SPEAKERS, cells=16, code=4, segment=8)
    # Nothing describes noise better than what decoders begin as.
    torch.nn.init.constant_(generator.decoder.leave.bias, 2.0)
    return SegmentBound(generator, [300] * SPEAKERS)


SYSTEMS: dict[str, tuple[int, Callable[[], ConversionSystem]]] = {
    "cyclegan-vc2": (2, cycle),
    "cyclegan": (2, lambda: cycle(weights=CycleWeights(r1=10.0), warp=Mirror())),
    "maskcyclegan-vc": (2, lambda: cycle(mask_frames=8)),
    "stargan-vc": (3, star),
    "stargan-vc without classifier": (3, lambda: star(classifier=False)),
    "stargan": (3, lambda: star(weights=StarWeights(r1=10.0), warp=Mirror())),
    "latent, all ties": (3, lambda: latent(latent=1.0, cycle=1.0, semantic=1.0, prior=0.1)),
    "latent, reversal": (3, lambda: latent("reversal", latent=1.0)),
    "latent, own networks": (3, lambda: latent(encoders="own", decoders="own")),
    "latent, nothing shared": (
        3,
        lambda: latent(encoders="own", decoders="own", shared_layers=False, cycle=1.0),
    ),
    "judged latent": (3, judged),
    "fhvae": (3, bound),
    "embedding": (3, direct),
    "aligned": (2, lambda: Aligned(TwoWay(BINS, width=0.03, blocks=1))),
}


@pytest.fixture(params=SYSTEMS)
def game(request: pytest.FixtureRequest) -> tuple[ConversionSystem, VoiceBatch]:
    torch.manual_seed(0)
    speakers, build = SYSTEMS[request.param]
    return build(), make_batch(speakers)


def play(system: ConversionSystem, players: Sequence[str], batch: VoiceBatch) -> None:
    """One step in which these players move, in this order: their gradients."""
    step = Step(batch, system.turns)
    for player in players:
        with only(system, player):
            total = torch.stack(list(system.losses(player, step).values())).sum()
            assert total.isfinite()
            total.backward()


def test_players_move_their_own_weights_and_all_of_them(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    system, batch = game
    players = {name: {id(p) for p in w} for name, w in system.players().items()}
    assert set(players) == set(system.turns)
    assert sum(map(len, players.values())) == len(set().union(*players.values()))
    names = {id(p): name for name, p in system.named_parameters()}
    for player in system.turns:
        system.zero_grad()
        play(system, [player], batch)
        reached = {id(p) for p in system.parameters() if p.grad is not None}
        assert reached == players[player]
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        # What normalisation takes out again has no slope: biases before it.
        assert not [names[p] for p in reached - moved if not names[p].endswith("bias")]


def test_players_move_in_any_order_and_in_steps_of_their_own(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    """A generator may move every fifth step only, and the others in between."""
    system, batch = game
    for players in (system.turns, system.turns[::-1], *((p,) for p in system.turns)):
        system.zero_grad()
        play(system, players, batch)
        moved = {n for n, w in system.players().items() if any(p.grad is not None for p in w)}
        assert moved == set(players)


def test_terms_are_nearly_the_same_in_half_precision(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    system, batch = game
    for player in system.turns:
        found = []
        for mixed in (False, True):
            torch.manual_seed(0)
            with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
                terms = system.losses(player, Step(batch, system.turns))
            total = torch.stack([term.float() for term in terms.values()]).sum()
            total.backward()
            found.append(float(total.detach()))
        assert found[1] == pytest.approx(found[0], rel=0.05, abs=0.02)


def test_what_the_generator_made_is_judged_and_not_made_again(
    game: tuple[ConversionSystem, VoiceBatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    system, batch = game
    step = Step(batch, system.turns)
    system.losses("generator", step)
    monkeypatch.setattr(system.generator, "forward", lambda *_: pytest.fail("made again"))
    for name in ("encode", "decode"):
        if hasattr(system.generator, name):
            monkeypatch.setattr(system.generator, name, lambda *_: pytest.fail("made again"))
    for player in set(system.turns) - {"generator"}:
        system.losses(player, step)


def test_converts_to_the_same_shape_whatever_the_length(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    system, _ = game
    system.eval()
    for frames in (1, 4, 33, 50):
        image = torch.randn(1, 1, BINS, frames)
        with torch.no_grad():
            made = system.infer(Request(image, torch.tensor([1]), torch.tensor([0])))
        assert made.shape == image.shape and made.isfinite().all()


def test_training_lowers_what_the_generator_is_to_lower(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    """Without discriminators; the batch is one that can be learned by heart."""
    system, batch = game
    rate = torch.optim.Adam(system.players()["generator"], 1e-2)

    def total() -> Tensor:
        terms = system.losses("generator", Step(batch, {"generator"}))
        return torch.stack([t for n, t in terms.items() if n != "latent"]).sum()

    torch.manual_seed(1)
    first = total().item()
    for _ in range(12):
        rate.zero_grad()
        total().backward()
        rate.step()
    assert total().item() < 0.9 * first


def test_players_that_are_not_in_play_are_not_asked() -> None:
    for system in (cycle(), star(), latent(latent=1.0), judged(), direct()):
        batch = make_batch(2 if isinstance(system, CycleGAN) else 3)
        terms = system.losses("generator", Step(batch, {"generator"}))
        asked = "adversarial", "matching", "converted", "round_trip", "classification", "latent"
        assert terms and not [name for name in terms if name.startswith(asked)]


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_generator_can_be_trained_further(name: str) -> None:
    _, build = SYSTEMS[name]
    system, trained = build(), build().generator.state_dict()
    system.start_from(trained)
    assert all(torch.equal(w, trained[n]) for n, w in system.generator.state_dict().items())


def test_identity_holds_early_only() -> None:
    weights = CycleWeights(identity_steps=1)
    system = cycle(weights=weights)
    terms = [system.losses("generator", Step(make_batch(2), ())) for _ in range(2)]
    assert "identity/to_1" in terms[0] and "identity/to_1" not in terms[1]
    again = cycle(weights=weights)
    again.load_state_dict(system.state_dict())
    assert "identity/to_1" not in again.losses("generator", Step(make_batch(2), ()))


def cycle_that_does_nothing(**options: object) -> CycleGAN:
    system = cycle(weights=CycleWeights(cycle=1.0, identity=1.0), **options)
    system.generator.towards = nn.ModuleList(DoNothing() for _ in range(2))
    return system


def star_that_does_nothing(**options: object) -> StarGAN:
    system = star(weights=StarWeights(cycle=1.0, identity=1.0), **options)
    system.generator = DoNothing()
    return system


def test_generators_are_given_warped_voices_and_judged_by_the_real_ones() -> None:
    """Those that do nothing hand on what they were given, once mirrored."""
    batch = make_batch(2)
    terms = cycle_that_does_nothing(warp=Mirror()).losses("generator", Step(batch, ()))
    for name, image in {"cycle/to_1": batch.source, "identity/to_1": batch.target}.items():
        assert terms[name] == pytest.approx(2 * image.abs().mean().item())
    batch = make_batch()
    terms = star_that_does_nothing(warp=Mirror()).losses("generator", Step(batch, ()))
    for name in ("cycle", "identity"):
        assert terms[name] == pytest.approx(2 * batch.source.abs().mean().item())


def test_whichever_player_of_stargan_moves_first_hears_a_warped_voice_converted() -> None:
    system, step = star_that_does_nothing(warp=Mirror()), Step(make_batch(), ())
    heard = []
    system.discriminator.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    for player in ("discriminator", "generator", "discriminator"):
        system.losses(player, step)
    assert all(torch.equal(fake, -step.batch.source) for fake in heard[1::2])


@pytest.mark.parametrize("build", [cycle_that_does_nothing, star_that_does_nothing])
def test_the_cycle_and_identity_count_bins_by_their_distance(
    build: Callable[..., ConversionSystem],
) -> None:
    """In decibels, what differs in a bin that hardly varies counts for nothing."""
    deaf = BinDistance([1.0] + [0.0] * (BINS - 1), emphasis=1.0)
    batch = make_batch(2)
    for image in (batch.source, batch.target):
        image[:, :, 0] = 0
    terms = build(distance=deaf, warp=Mirror()).losses("generator", Step(batch, ()))
    tied = [term for name, term in terms.items() if name.startswith(("cycle", "identity"))]
    assert tied and not any(tied)


@pytest.mark.parametrize(
    ("build", "judges"),
    [
        # of both voices and of both round trips
        (lambda r1: cycle(weights=CycleWeights(r1=r1)), 4),
        (lambda r1: star(weights=StarWeights(r1=r1)), 1),
    ],
    ids=["cycle", "star"],
)
def test_steep_discriminators_pay(build: Callable[[float], ConversionSystem], judges: int) -> None:
    paid = []
    for r1 in (0.0, 1.0, 2.0):
        torch.manual_seed(0)
        terms = build(r1).losses("discriminator", Step(make_batch(2), ()))
        paid.append([term.item() for name, term in terms.items() if name.startswith("r1")])
    assert not paid[0]
    assert len(paid[1]) == judges and min(paid[1]) > 0
    assert paid[2] == pytest.approx([2 * term for term in paid[1]])


def test_every_frame_may_be_masked() -> None:
    taken = []

    class Watch(nn.Module):
        def forward(self, image: Tensor, mask: Tensor | None = None) -> Tensor:
            taken.extend([] if mask is None else [mask[0, 0, 0] == 0])
            return image

    torch.manual_seed(0)
    system = cycle(mask_frames=FRAMES // 2)
    system.generator.towards = nn.ModuleList(Watch() for _ in range(2))
    for _ in range(100):
        system.losses("generator", Step(make_batch(2), ()))
    often = torch.stack(taken).sum(0)
    assert often.min() > 0 and often.max() < len(taken)


def test_masked_frames_are_not_seen() -> None:
    """What stands in the masked frames makes no difference."""
    network = cycle(mask_frames=8).generator.towards[1].eval()
    image, mask = torch.randn(1, 1, BINS, FRAMES), torch.ones(1, 1, BINS, FRAMES)
    mask[..., 10:18] = 0
    other = image.clone()
    other[..., 10:18] = 5.0
    with torch.no_grad():
        assert torch.equal(network(image, mask), network(other, mask))
        assert not torch.allclose(network(image), network(other))


def test_reversed_gradient_confuses_and_trains_at_once() -> None:
    system = latent("reversal", latent=1.0, reconstruction=0.0, adversarial=0.0)
    assert system.turns == ("generator", "discriminator")
    terms = system.losses("generator", Step(make_batch(), {"generator"}))
    terms["latent"].backward()
    classifier = next(iter(system.code_classifier.parameters())).grad
    encoder = system.generator.inner_encoder.network[1].weight.grad
    assert classifier.any() and encoder.any()
    # One step along minus the gradient: the classifier knows better, the encoder tells less.
    with torch.no_grad():
        for weight in system.code_classifier.parameters():
            weight -= 0.05 * weight.grad
    after = system.losses("generator", Step(make_batch(), {"generator"}))["latent"]
    assert after < terms["latent"]


def test_own_encoders_need_to_know_who_speaks() -> None:
    system = latent(encoders="own")
    with pytest.raises(ValueError, match="name the source speaker"):
        system.infer(Request(torch.randn(1, 1, BINS, 8), torch.tensor([1])))


def test_each_item_goes_through_its_own_speakers_network() -> None:
    generator = latent(encoders="own", decoders="own", shared_layers=False).generator.eval()
    images, speakers = torch.randn(4, 1, BINS, 16), torch.tensor([2, 0, 2, 1])
    together = generator.encode(images, speakers)
    for number in range(4):
        alone = generator.encode(images[number : number + 1], speakers[number : number + 1])
        assert torch.allclose(together[number], alone[0], atol=1e-5)


def test_settings_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="this system is of two"):
        TwoWay(BINS, speakers=3)
    with pytest.raises(ValueError, match="go together"):
        CycleGAN(TwoWay(BINS, width=0.03), TwoDiscriminators(width=0.03), mask_frames=4)
    with pytest.raises(ValueError, match="needs a code_classifier"):
        SharedLatentGAN(SharedLatent(BINS, 2, 8, 4), weights=SharedLatentWeights(latent=1.0))
    with pytest.raises(ValueError, match="needs a generator that encodes"):
        SharedLatentGAN(ShallowGenerator(BINS, 2))
    with pytest.raises(ValueError, match="needs a generator of two directions"):
        CycleGAN(ShallowGenerator(BINS, 2), TwoDiscriminators(width=0.03))
    with pytest.raises(ValueError, match="needs an embedding"):
        DirectGAN(ShallowGenerator(BINS, 2), SpeakerDiscriminator(2, 0.03), consistency=1.0)
    with pytest.raises(ValueError, match="no objective"):
        cycle(objective="magic")


@pytest.mark.parametrize("build", [cycle, star, latent, judged, direct])
def test_a_critic_that_no_penalty_would_hold_is_refused(build: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="wgan_gp: needs a penalty"):
        build(objective="wgan_gp")


def test_two_directions_convert_each_item_to_its_own_target() -> None:
    generator = TwoWay(BINS, width=0.03, blocks=1).eval()
    images, targets = torch.randn(3, 1, BINS, 16), torch.tensor([1, 0, 1])
    together = generator(images, targets)
    for number in range(3):
        alone = generator(images[number : number + 1], targets[number : number + 1])
        assert torch.allclose(together[number], alone[0], atol=1e-5)


def test_an_embedding_stays_as_it_is() -> None:
    system = direct().train()
    assert not system.embedding.training and system.generator.training
    assert not any(p.requires_grad for p in system.embedding.parameters())
