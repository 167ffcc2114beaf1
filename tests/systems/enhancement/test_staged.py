"""A coarse image and the full one, each told how close it came."""

import pytest
import torch

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.features.stft import Stft
from speechgan.losses.closeness import Closeness
from speechgan.models.generators.two_stage_unet import TwoStageUNet
from speechgan.systems.base import Step
from speechgan.systems.enhancement.staged import Staged


@pytest.fixture(scope="module")
def generator() -> TwoStageUNet:
    torch.manual_seed(0)
    return TwoStageUNet(coarse_widths=(4, 4, 4), widths=(4, 4, 4, 4)).eval()


@pytest.mark.parametrize("frames", [1, 16, 37])
def test_both_images_have_the_shape_of_the_input(generator, frames):
    image = torch.randn(2, 2, 257, frames)
    coarse, full = generator.stages(image)
    assert coarse.shape == full.shape == image.shape
    torch.testing.assert_close(generator(image), full)


def test_a_coarse_mask_has_one_value_for_four_points(generator):
    image = torch.ones(1, 2, 257, 32) * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
    mask = generator.stages(image + torch.randn(1, 1, 257, 32) * 0)[0][..., :256, :]
    blocks = mask.view(1, 2, 128, 2, 16, 2)
    assert (blocks - blocks[:, :, :, :1, :, :1]).abs().max() < 1e-6
    assert mask.std() > 1e-3


def test_nothing_beyond_the_context_matters(generator):
    centre = 2 * generator.context
    image = torch.randn(1, 2, 257, 2 * centre)
    changed = image.clone()
    changed[..., centre] += 3
    with torch.no_grad():
        moved = (generator(changed) - generator(image)).abs().amax((0, 1, 2))
    assert moved[centre] > 1e-3
    assert moved[: centre - generator.context].max() < 1e-6
    assert moved[centre + generator.context + 1 :].max() < 1e-6


def test_each_stage_is_told_of_its_own_image(recordings, generator):
    pairs = list(recordings.values())
    noisy, clean = (torch.stack([torch.from_numpy(p[i][:8000]) for p in pairs]) for i in (0, 1))
    system = Staged(features=Stft(), generator=generator, closeness=Closeness(magnitude=2.0))
    for term, own in (("coarse/magnitude", "coarse"), ("closeness/magnitude", "fine")):
        system.zero_grad()
        terms = system.losses("generator", Step(PairedBatch(noisy, clean), ()))
        assert set(terms) == {"coarse/magnitude", "closeness/magnitude"}
        terms[term].backward()
        moved = {n.partition(".")[0] for n, p in generator.named_parameters() if p.grad is not None}
        assert moved == {own}
