"""Shared-latent systems: what the encoder is given, and new speakers."""

import pytest
import torch

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.features.world import World
from speechgan.models.generators.shared_latent import SharedLatent
from speechgan.systems.base import Step
from speechgan.systems.conversion.shared_latent import SharedLatentGAN
from speechgan.systems.conversion.tract_warp import TractWarp


def test_only_the_encoder_is_given_a_warped_image(monkeypatch: pytest.MonkeyPatch) -> None:
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
