"""Every conversion system: its terms, whose weights they move, and that it learns."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.features.world import World
from speechgan.models.generators.cyclegan_vc import TwoCritics, TwoWay
from speechgan.models.generators.shallow import ShallowGenerator
from speechgan.models.generators.shared_latent import CodeCritic, SharedLatent, SpeakerCritic
from speechgan.models.generators.stargan_vc import StarClassifier, StarCritic, StarGenerator
from speechgan.systems.conversion.base import ConversionSystem, Request
from speechgan.systems.conversion.cycle import CycleGAN
from speechgan.systems.conversion.direct import Aligned, DirectGAN
from speechgan.systems.conversion.shared_latent import SharedLatentGAN
from speechgan.systems.conversion.star import StarGAN
from speechgan.training.run import only

BINS, SPEAKERS, FRAMES = 24, 3, 32


def make_batch(speakers: int = SPEAKERS) -> VoiceBatch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2, 4, 1, BINS, FRAMES, generator=generator)
    source = torch.tensor([0, 1, 2, 0]) % speakers if speakers > 2 else torch.zeros(4).long()
    target = torch.tensor([1, 2, 0, 2]) if speakers > 2 else torch.ones(4).long()
    return VoiceBatch(images[0], source, images[1], target)


def cycle(**options: object) -> CycleGAN:
    masked = bool(options.get("mask_frames"))
    return CycleGAN(
        TwoWay(BINS, width=0.03, blocks=1, masked=masked), TwoCritics(BINS, width=0.03), **options
    )


def star(classifier: bool = True) -> StarGAN:
    sizes = {"bins": BINS, "speakers": SPEAKERS, "width": 0.25}
    return StarGAN(
        StarGenerator(**sizes), StarCritic(**sizes), StarClassifier(**sizes) if classifier else None
    )


def latent(**options: object) -> SharedLatentGAN:
    networks = {
        k: options.pop(k) for k in ("encoders", "decoders", "shared_layers") if k in options
    }
    generator = SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1, **networks)
    critic = SpeakerCritic(BINS, SPEAKERS, width=0.03)
    return SharedLatentGAN(generator, critic, CodeCritic(4, SPEAKERS, 8), **options)


def direct() -> DirectGAN:
    generator = ShallowGenerator(BINS, SPEAKERS, 8)
    embedding = SharedLatent(BINS, SPEAKERS, channels=8, code=4, blocks=1)
    return DirectGAN(
        generator, SpeakerCritic(BINS, SPEAKERS, width=0.03), embedding, consistency=1.0
    )


SYSTEMS: dict[str, tuple[int, Callable[[], ConversionSystem]]] = {
    "cyclegan-vc2": (2, cycle),
    "maskcyclegan-vc": (2, lambda: cycle(mask_frames=8)),
    "stargan-vc": (3, star),
    "stargan-vc without classifier": (3, lambda: star(classifier=False)),
    "latent, all ties": (3, lambda: latent(latent=1.0, cycle=1.0, semantic=1.0, prior=0.1)),
    "latent, reversal": (3, lambda: latent(latent=1.0, latent_turns="reversal")),
    "latent, own networks": (3, lambda: latent(encoders="own", decoders="own")),
    "latent, nothing shared": (
        3,
        lambda: latent(encoders="own", decoders="own", shared_layers=False, cycle=1.0),
    ),
    "embedding": (3, direct),
    "aligned": (2, lambda: Aligned(TwoWay(BINS, width=0.03, blocks=1))),
}


@pytest.fixture(params=SYSTEMS)
def game(request: pytest.FixtureRequest) -> tuple[ConversionSystem, VoiceBatch]:
    torch.manual_seed(0)
    speakers, build = SYSTEMS[request.param]
    return build(), make_batch(speakers)


def test_players_move_their_own_weights_and_all_of_them(
    game: tuple[ConversionSystem, VoiceBatch],
) -> None:
    system, batch = game
    players = {name: {id(p) for p in w} for name, w in system.players().items()}
    assert set(players) == set(system.turns)
    assert sum(map(len, players.values())) == len(set().union(*players.values()))
    for player in system.turns:
        system.zero_grad()
        with only(system, player):
            terms = system.losses(player, batch, frozenset(system.turns))
            total = torch.stack(list(terms.values())).sum()
            assert total.isfinite()
            total.backward()
        moved = {id(p) for p in system.parameters() if p.grad is not None and p.grad.any()}
        assert moved <= players[player]
        if player != "generator":
            assert len(moved) > 0.5 * len(players[player])


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
    """Without critics; the batch is one that can be learned by heart."""
    system, batch = game
    if isinstance(system, DirectGAN):  # begins as the identity, which its own terms cannot better
        with torch.no_grad():
            system.generator.leave.weight.normal_(std=0.1)
    rate = torch.optim.Adam(system.players()["generator"], 3e-3)
    alone = frozenset({"generator"})

    def total() -> Tensor:
        terms = system.losses("generator", batch, alone)
        return torch.stack([t for n, t in terms.items() if n != "latent"]).sum()

    torch.manual_seed(1)
    first = total().item()
    for _ in range(40):
        rate.zero_grad()
        total().backward()
        rate.step()
    assert total().item() < 0.9 * first


def test_players_that_are_not_in_play_are_not_asked() -> None:
    for system in (cycle(), star(), latent(latent=1.0), direct()):
        batch = make_batch(2 if isinstance(system, CycleGAN) else 3)
        terms = system.losses("generator", batch, frozenset({"generator"}))
        asked = "adversarial", "round_trip", "classification", "latent"
        assert terms and not [name for name in terms if name.startswith(asked)]


def test_identity_holds_early_only() -> None:
    system = cycle(identity_steps=1)
    terms = [system.losses("generator", make_batch(2), frozenset()) for _ in range(2)]
    assert "identity/to_1" in terms[0] and "identity/to_1" not in terms[1]
    again = cycle(identity_steps=1)
    again.load_state_dict(system.state_dict())
    assert "identity/to_1" not in again.losses("generator", make_batch(2), frozenset())


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


def test_errors_count_by_the_importance_of_their_bins() -> None:
    """Deviations 1 and 3: alike without emphasis; with it the second counts three times as much."""
    generator = SharedLatent(2, SPEAKERS, channels=8, code=4)
    image = torch.zeros(1, 1, 2, 4)
    first, second = image.clone(), image.clone()
    first[:, :, 0], second[:, :, 1] = 1.0, 1.0
    plain, weighed = (
        SharedLatentGAN(generator, emphasis=e, deviation=[1.0, 3.0]) for e in (0.0, 1.0)
    )
    assert plain._distance(first, image) == plain._distance(second, image) == 0.5
    assert weighed._distance(first, image) == 0.25 and weighed._distance(second, image) == 0.75


def test_the_encoder_hears_another_vocal_tract() -> None:
    """Each item by a factor of its own, as if the image were stretched before its normalisation."""
    world, deviation = World(coefficients=24), torch.linspace(1, 3, 24)
    generator = SharedLatent(24, SPEAKERS, channels=8, code=4)
    system = SharedLatentGAN(generator, warp=0.2, features=world, deviation=deviation.tolist())
    image = torch.randn(3, 1, 24, 8)
    torch.manual_seed(0)
    factors = 1 + 0.2 * (2 * torch.rand(3) - 1)
    expected = (
        torch.from_numpy(world.warp(factors.numpy()))
        @ (image[:, 0] * deviation[:, None])
        / deviation[:, None]
    )
    torch.manual_seed(0)
    stretched = system._stretch(image)
    assert torch.allclose(stretched[:, 0], expected, atol=1e-4)
    assert (stretched - image).abs().amax((1, 2, 3)).unique().numel() == 3
    plain = SharedLatentGAN(generator, deviation=deviation.tolist())
    assert plain._stretch(image) is image


def test_only_the_encoder_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image itself is what has to be rebuilt."""
    generator = SharedLatent(24, SPEAKERS, channels=8, code=4)
    system = SharedLatentGAN(generator, warp=0.2, features=World(coefficients=24))
    image, speaker = torch.randn(2, 1, 24, 8), torch.tensor([0, 1])
    batch = VoiceBatch(image, speaker, image, speaker)
    heard = []
    monkeypatch.setattr(generator, "encode", lambda x, _: heard.append(x) or x)
    monkeypatch.setattr(generator, "decode", lambda *_: image)
    terms = system.losses("generator", batch, frozenset({"generator"}))
    assert terms["reconstruction"] == 0
    assert len(heard) == 1 and not torch.allclose(heard[0], image, atol=1e-2)


def test_reversed_gradient_confuses_and_trains_at_once() -> None:
    system = latent(latent=1.0, latent_turns="reversal", reconstruction=0.0, adversarial=0.0)
    assert system.turns == ("generator", "critic")
    terms = system.losses("generator", make_batch(), frozenset({"generator"}))
    terms["latent"].backward()
    critic = next(iter(system.code_critic.parameters())).grad
    encoder = system.generator.abstract.network[1].weight.grad
    assert critic.any() and encoder.any()
    # One step along minus the gradient: the critic knows better, the encoder tells less.
    with torch.no_grad():
        for weight in system.code_critic.parameters():
            weight -= 0.05 * weight.grad
    after = system.losses("generator", make_batch(), frozenset({"generator"}))["latent"]
    assert after < terms["latent"]


def test_own_encoders_must_be_told_who_speaks() -> None:
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
        CycleGAN(TwoWay(BINS, width=0.03), TwoCritics(BINS, width=0.03), mask_frames=4)
    with pytest.raises(ValueError, match="needs a code_critic"):
        SharedLatentGAN(SharedLatent(BINS, 2, 8, 4), latent=1.0)
    with pytest.raises(ValueError, match="warp needs features"):
        SharedLatentGAN(SharedLatent(BINS, 2, 8, 4), warp=0.1)
    with pytest.raises(ValueError, match="needs an embedding"):
        DirectGAN(ShallowGenerator(BINS, 2), SpeakerCritic(BINS, 2, 0.03), consistency=1.0)
    with pytest.raises(ValueError, match="no objective"):
        cycle(objective="magic")
