"""Vocal tract length perturbation."""

import torch

from speechgan.features.world import World
from speechgan.systems.conversion.tract_warp import TractWarp


def test_each_image_is_warped_by_a_factor_of_its_own() -> None:
    """As if the image were stretched before its normalisation."""
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
