"""Upsampling: nothing is left that only says where a pixel shuffle put it."""

import pytest
import torch

from speechgan.models.layers.gated import GatedConv1d, GatedConv2d, blur


@pytest.mark.parametrize("blurred", [False, True])
def test_a_constant_stays_one_through_upsampling_that_is_blurred(blurred: bool) -> None:
    """Whatever the weights are; without it there is a pattern of two places."""
    torch.manual_seed(0)
    line = GatedConv1d(3, 4, 5, normalised=False, upscale=2, blurred=blurred)
    plane = GatedConv2d(3, 4, (5, 5), normalised=False, upscale=2, blurred=blurred)
    with torch.no_grad():
        # Away from the ends, where the padding with zeros is seen.
        one = line(torch.ones(1, 3, 20))[..., 8:-8]
        two = plane(torch.ones(1, 3, 20, 20))[..., 8:-8, 8:-8]
    for made in (one, two):
        pattern = (made - made.mean(-1, keepdim=True)).abs().max()
        assert (pattern < 1e-6) == blurred
    across = (two - two.mean(-2, keepdim=True)).abs().max()
    assert (across < 1e-6) == blurred


def test_what_is_slow_passes_a_blur() -> None:
    x = torch.sin(torch.arange(400) / 40).view(1, 1, 400)
    assert (blur(x, 2) - x)[..., 1:-1].abs().max() < 1e-3
    alternating = torch.tensor([1.0, -1.0]).repeat(10).view(1, 1, 20)
    assert blur(alternating, 2)[..., 1:-1].abs().max() == 0
