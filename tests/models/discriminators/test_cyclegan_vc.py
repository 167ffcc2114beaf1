"""What the discriminators of CycleGAN-VC see."""

import pytest
import torch

from speechgan.models.discriminators.cyclegan_vc import Hide, TwoDiscriminators


def test_a_part_of_each_image_is_hidden_at_places_of_its_own() -> None:
    torch.manual_seed(0)
    images = torch.randn(8, 1, 24, 128, requires_grad=True)
    seen = Hide(0.25)(images)
    dark = seen[:, 0] == 0
    for item in dark:
        assert item.all(0).sum() == 32 and item.all(1).sum() == 6
    assert len({tuple(item.flatten().tolist()) for item in dark}) == 8
    assert torch.equal(seen[:, 0][~dark], images[:, 0][~dark])
    seen.sum().backward()
    assert (images.grad[:, 0][dark] == 0).all() and (images.grad[:, 0][~dark] == 1).all()


def test_all_discriminators_hide_and_none_does_without_being_told() -> None:
    image = torch.randn(1, 1, 24, 64)
    for hidden, alike in ((0.0, True), (0.25, False)):
        both = TwoDiscriminators(width=0.05, hidden=hidden)
        for judge in (*both.of, *both.of_round_trip):
            assert torch.equal(judge(image), judge(image)) == alike
    with pytest.raises(ValueError, match="hidden 1: must be from 0 to below 1"):
        TwoDiscriminators(hidden=1)
