"""Blocks equal the whole, for every kind of generator."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from speechgan.inference.blocks import draw_latent, enhance_blocks, regroup
from speechgan.inference.pretrained import Model

SEED = 5


def enhance_whole(model: Model, wave: Tensor) -> Tensor:
    """The generator on the whole wave at once, without any of the machinery of blocks."""
    generator, features = model.generator, model.features
    x = wave if generator.reads == "wave" else features(wave)
    steps = x.shape[-1]
    if hasattr(generator, "continue_from"):
        y = generator(x)
    else:
        x = F.pad(x, (0, -steps % generator.multiple))
        z = draw_latent(0, x.shape[-1] // generator.multiple, generator.z_channels, SEED)
        y = generator(x, z.expand(len(x), -1, -1))[..., :steps]
    return y if generator.reads == "wave" else features.inverse(y, wave.shape[-1])


def run_blocks(model: Model, wave: Tensor, piece: int, seconds: float, seed: int = SEED) -> Tensor:
    """As the enhancer does it, from pieces of one length."""
    with torch.inference_mode():
        blocks = enhance_blocks(wave.split(piece, -1), model, len(wave), seed, seconds)
        return torch.cat(list(blocks), -1)[:, : wave.shape[-1]]


@pytest.mark.parametrize(
    ("samples", "piece", "seconds"),
    [
        (100_000, 16_000, 2.0),
        (100_000, 777, 0.7),
        (65_536, 65_536, 1.0),
        (300, 300, 1.0),
        (1, 1, 1.0),
    ],
)
def test_blocks_are_the_whole(model: Model, samples: int, piece: int, seconds: float) -> None:
    wave = 0.1 * torch.randn(2, samples, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = enhance_whole(model, wave)
    blocks = run_blocks(model, wave, piece, seconds)
    assert blocks.shape == wave.shape
    # Also at both ends, where the issue would allow a difference.
    assert (blocks - whole).abs().max() < 1e-5 * max(1.0, whole.abs().max().item())


def test_a_wrong_context_would_be_heard_at_the_seams(segan: Model) -> None:
    # Guards the test above: were the blocks too long to have seams, this would fail.
    wave = 0.1 * torch.randn(1, 100_000, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        whole = enhance_whole(segan, wave)
    segan.generator.context = 0
    assert (run_blocks(segan, wave, 16_000, 2.0) - whole).abs().max() > 1e-3


def test_memory_is_that_of_a_block(crn: Model) -> None:
    longest = 0
    continue_from = crn.generator.continue_from

    def watch(image: Tensor, state: object) -> object:
        nonlocal longest
        longest = max(longest, image.shape[-1] * len(image))
        return continue_from(image, state)

    crn.generator.continue_from = watch
    seconds = (torch.zeros(4, 16_000) for _ in range(45))
    with torch.inference_mode():
        out = sum(piece.shape[-1] for piece in enhance_blocks(seconds, crn, 4, block_seconds=2.0))
    assert out >= 45 * 16_000
    assert longest <= 2.0 * 16_000 / 256 + 8  # four channels share what one would have


def test_another_seed_is_another_sound_and_the_same_seed_the_same(segan: Model) -> None:
    wave = 0.1 * torch.randn(1, 20_000)
    first, second, other = (run_blocks(segan, wave, 20_000, 8.0, seed) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert (first - other).abs().max() > 1e-3


def test_z_is_standard_normal_and_known_by_its_column() -> None:
    z = draw_latent(0, 400, 64, seed=9)
    assert z.mean().abs() < 0.02
    assert z.std() == pytest.approx(1, abs=0.02)
    assert torch.equal(z[:, 100:130], draw_latent(100, 30, 64, seed=9))


def test_regrouping_keeps_the_stream() -> None:
    lengths = [5, 0, 1, 30, 2, 9]
    pieces = list(torch.arange(47).split(lengths))
    groups = list(regroup(pieces, 10))
    assert [len(group) for group in groups] == [10, 10, 10, 10, 7]
    assert np.array_equal(torch.cat(groups), np.arange(47))
