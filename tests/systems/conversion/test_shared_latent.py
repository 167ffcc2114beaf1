"""Shared-latent systems: how errors count, what the encoder is given, and new speakers."""

import pytest
import torch

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.features.world import World
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.shared_latent import BinDistance, SharedLatentGAN, TractWarp


def test_errors_count_by_the_importance_of_their_bins() -> None:
    """Deviations 1 and 3: alike without emphasis; with it the second counts three times as much."""
    image = torch.zeros(1, 1, 2, 4)
    first, second = image.clone(), image.clone()
    first[:, :, 0], second[:, :, 1] = 1.0, 1.0
    plain, weighed = (BinDistance([1.0, 3.0], emphasis) for emphasis in (0.0, 1.0))
    assert plain(first, image) == plain(second, image) == 0.5
    assert weighed(first, image) == 0.25 and weighed(second, image) == 0.75


def test_the_encoder_is_given_another_vocal_tract() -> None:
    """Each item by a factor of its own, as if the image were stretched before its normalisation."""
    world, deviation = World(coefficients=24), torch.linspace(1, 3, 24)
    image = torch.randn(3, 1, 24, 8)
    torch.manual_seed(0)
    factors = 1 + 0.2 * (2 * torch.rand(3) - 1)
    matrix = torch.from_numpy(world.warp(factors.numpy()))
    expected = matrix @ (image[:, 0] * deviation[:, None]) / deviation[:, None]
    torch.manual_seed(0)
    stretched = TractWarp(world, deviation.tolist(), 0.2)(image)
    assert torch.allclose(stretched[:, 0], expected, atol=1e-4)
    assert (stretched - image).abs().amax((1, 2, 3)).unique().numel() == 3
    assert TractWarp(world, deviation.tolist(), 0.0)(image) is image


def test_only_the_encoder_is_given_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image itself is what has to be rebuilt."""
    generator = SharedLatent(24, 3, channels=8, code=4)
    warp = TractWarp(World(coefficients=24), share=0.2)
    system = SharedLatentGAN(generator, warp=warp)
    image, speaker = torch.randn(2, 1, 24, 8), torch.tensor([0, 1])
    batch = VoiceBatch(image, speaker, image, speaker)
    given = []
    monkeypatch.setattr(generator, "encode", lambda x, _: given.append(x) or x)
    monkeypatch.setattr(generator, "decode", lambda *_: image)
    terms = system.losses("generator", Step(batch, {"generator"}))
    assert terms["reconstruction"] == 0
    assert len(given) == 1 and not torch.allclose(given[0], image, atol=1e-2)


def test_new_speakers_start_as_the_mean_of_the_known_ones() -> None:
    known, more = (SharedLatent(24, n, channels=8, code=4, blocks=1) for n in (2, 3))
    SharedLatentGAN(more).start_from(known.state_dict())
    rows = more.outer_decoder.embedding.weight
    assert torch.equal(rows[:2], known.outer_decoder.embedding.weight)
    assert torch.allclose(rows[2], rows[:2].mean(0))
    with pytest.raises(ValueError, match="of the configured shape"):
        SharedLatentGAN(SharedLatent(24, 3, channels=12, code=4, blocks=1)).start_from(
            known.state_dict()
        )
    with pytest.raises(ValueError, match="in the configured generator"):
        SharedLatentGAN(more).start_from({"other": torch.zeros(1)})
