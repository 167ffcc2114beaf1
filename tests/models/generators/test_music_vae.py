"""A conductor, and segments that are drawn each from its own embedding."""

from typing import Any

import pytest
import torch
from torch import Tensor

from speechgan.models.generators.music_vae import MusicVAE, cut, join

SEGMENTS, FRAMES = 3, 8


def model(hierarchy: bool = True) -> MusicVAE:
    torch.manual_seed(0)
    made = MusicVAE(16, SEGMENTS * FRAMES, SEGMENTS, 6, 16, (16, 8), hierarchy)
    torch.nn.init.normal_(made.decoder.drawer.project.weight)
    return made.eval()


def find_changes(made: MusicVAE, step: int) -> Tensor:
    """Frames that are drawn differently when the embedding of this step is another."""

    def disturb(_module: Any, _given: Any, out: tuple[Tensor, Any]) -> tuple[Tensor, Any]:
        embeddings = out[0].clone()
        embeddings[:, step] += 1
        return embeddings, out[1]

    code, labels = torch.randn(2, 6), torch.zeros(2, 2, dtype=torch.long)
    with torch.no_grad():
        before = made(code, labels)
        hook = made.decoder.conductor.register_forward_hook(disturb)
        after = made(code, labels)
        hook.remove()
    return (before != after).any(0).any(0).any(0)


@pytest.mark.parametrize("segment", range(SEGMENTS))
def test_a_segment_is_drawn_from_its_own_embedding_alone(segment: int) -> None:
    changed = find_changes(model(), segment).unflatten(0, (SEGMENTS, FRAMES))
    assert changed[segment].all() and changed.sum() == FRAMES


def test_the_flat_decoder_knows_no_segments() -> None:
    """A step is four frames, where there are two widths, and its neighbours see it."""
    made = model(hierarchy=False)
    assert made.decoder.parts == SEGMENTS * 2
    (changed,) = find_changes(made, 2).nonzero(as_tuple=True)
    assert changed.min() < FRAMES <= 8 <= changed.max() < 2 * FRAMES
    assert set(range(8, 12)) <= set(changed.tolist())


@pytest.mark.parametrize("hierarchy", [True, False])
def test_the_state_starts_from_the_code_and_goes_on(hierarchy: bool) -> None:
    """Told the same code at every step, each draws something else."""
    made = model(hierarchy)
    code = torch.randn(1, 6)
    with torch.no_grad():
        image = made(code, torch.zeros(1, 2, dtype=torch.long))
        parts = cut(image, SEGMENTS)
        assert not torch.allclose(parts[0], parts[1], atol=1e-4)
        torch.nn.init.zeros_(made.decoder.start.weight)
        assert not torch.allclose(made(code, torch.zeros(1, 2)), image, atol=1e-4)


def test_the_encoder_hears_every_segment_and_their_order() -> None:
    made, image = model(), torch.randn(1, 1, 16, SEGMENTS * FRAMES)
    heard: list[Tensor] = []
    made.encoder.trunk.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    with torch.no_grad():
        codes = [made.encode(image, torch.zeros(1, 2))[0]]
        for segment in range(SEGMENTS):
            other = image.clone()
            other[..., segment * FRAMES : (segment + 1) * FRAMES] = 0
            codes.append(made.encode(other, torch.zeros(1, 2))[0])
        codes.append(made.encode(join(cut(image, SEGMENTS).flip(0), SEGMENTS), None)[0])
    assert torch.equal(heard[0][1], image[0, :, :, FRAMES : 2 * FRAMES])
    apart = torch.cdist(torch.cat(codes), torch.cat(codes)) + torch.eye(len(codes))
    assert apart.min() > 1e-3


def test_parts_that_are_joined_are_those_that_were_cut() -> None:
    x = torch.randn(2, 3, 4, 12)
    assert torch.equal(join(cut(x, 3), 3), x)
    assert torch.equal(cut(x, 3)[4], x[1, ..., 4:8])


def test_the_flat_rival_of_the_recipe_has_as_many_weights() -> None:
    counts = [
        sum(p.numel() for p in MusicVAE(widths=(128, 64, 32, 16), **settings).parameters())
        for settings in ({}, {"hierarchy": False, "state": 384})
    ]
    assert counts[1] == pytest.approx(counts[0], rel=0.02)


@pytest.mark.parametrize("segments", [0, 5])
def test_segments_that_do_not_fit_are_refused(segments: int) -> None:
    with pytest.raises(ValueError, match=rf"segments {segments}: must divide 256 frames"):
        MusicVAE(segments=segments)
