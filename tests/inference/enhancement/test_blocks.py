"""Blocks equal the whole, for every kind of generator."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from speechgan import Enhancer
from speechgan.features.stft import Stft, rescale
from speechgan.inference.enhancement.latent import draw_latent, draw_z
from speechgan.inference.enhancement.rounds import run_alone
from speechgan.inference.enhancement.spectrum_step import OffsetStep
from speechgan.pretrained.loading import Model

SEED = 5


def enhance_whole(model: Model, wave: Tensor) -> Tensor:
    """The generator on the whole wave at once, without any of the machinery of blocks."""
    generator, features = model.generator, model.features
    x = wave if generator.reads == "wave" else without_offset(lengthen(wave, features), features)
    steps = x.shape[-1]
    if generator.causal:
        y = generator(x)
    else:
        x = F.pad(x, (0, -steps % generator.multiple))
        z = draw_z(generator, 0, (len(x), x.shape[-1]), SEED)
        y = generator(x, *z)[..., :steps]
    return y if generator.reads == "wave" else features.inverse(y, wave.shape[-1])


def lengthen(wave: Tensor, features: Stft) -> Tensor:
    """The image of a sound in whose end, behind the last sample, a direct current goes on."""
    samples = wave.shape[-1]
    mean = wave[:, -features.overlap :].mean(1, keepdim=True)
    rest = mean.expand(-1, features.frames(samples) * features.hop_length - samples)
    return features.analyse(F.pad(torch.cat([wave, rest], 1), (features.overlap, 0)))


def without_offset(image: Tensor, features: Stft) -> Tensor:
    """What the enhancer does to an image before the generator sees it."""
    spectrum = rescale(image, 1 / features.power)
    remove = OffsetStep(features.window, features.hop_length, 16000)
    spectrum, _ = remove(spectrum, remove.initial_state(len(image)))
    return rescale(spectrum, features.power)


def run_blocks(model: Model, wave: Tensor, piece: int, seconds: float, seed: int = SEED) -> Tensor:
    """As the enhancer does it, from pieces of one length."""
    network = Enhancer.from_model(model, "cpu", seed=seed, block_seconds=seconds).network
    run = network.open(model.sample_rate, len(wave), 1.0, linked=False)
    blocks = [block.numpy() for block in wave.split(piece, -1)]
    steps = [run.push(block, ends=False) for block in blocks]
    steps.append(run.push(blocks[-1][:, :0], ends=True))
    made = [run_alone(step, network.answer) for step in steps]
    return torch.from_numpy(np.concatenate(made, axis=1))


@pytest.mark.parametrize("model", ["crn", "segan", "unet"], indirect=True)
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
    noise = torch.randn(2, samples, generator=torch.Generator().manual_seed(1))
    wave = 0.1 * noise + torch.tensor([[0.2], [-0.05]])  # recorders add direct currents
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


def test_memory_is_that_of_a_block(unet: Model) -> None:
    longest = 0
    forward = unet.generator.forward

    def watch(image: Tensor, z: Tensor) -> Tensor:
        nonlocal longest
        longest = max(longest, image.shape[-1] * len(image))
        return forward(image, z)

    unet.generator.forward = watch
    whole = torch.randn(4, 45 * 16_000, generator=torch.Generator().manual_seed(1))
    assert run_blocks(unet, whole, 16_000, 2.0).shape == whole.shape
    assert longest <= 2.0 * 16_000 / 256 + 4 * (4 + 2) * unet.generator.context


def test_another_seed_is_another_sound_and_the_same_seed_the_same(segan: Model) -> None:
    wave = 0.1 * torch.randn(1, 20_000)
    first, second, other = (run_blocks(segan, wave, 20_000, 8.0, seed) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert (first - other).abs().max() > 1e-3


def test_z_is_standard_normal_and_known_by_its_column() -> None:
    z = draw_latent(0, 400, 64, seed=9)
    assert abs(z.mean()) < 0.02
    assert z.std() == pytest.approx(1, abs=0.02)
    assert np.array_equal(z[:, 100:130], draw_latent(100, 30, 64, seed=9))
