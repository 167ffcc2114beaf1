import pytest
import torch

from speechgan.models.generators.unet import SpectrogramUNet


@pytest.fixture(scope="module")
def network() -> SpectrogramUNet:
    torch.manual_seed(0)
    return SpectrogramUNet(widths=(4, 8, 8, 8), z_channels=3).eval()


@pytest.mark.parametrize("frames", [1, 16, 37])
def test_output_has_the_shape_of_the_input(network, frames):
    image = torch.randn(2, 2, 257, frames)
    assert network(image).shape == image.shape


def test_noise_gives_several_outputs(network):
    image, z = torch.randn(1, 2, 257, 32), torch.randn(1, 3, 2)
    with torch.no_grad():
        torch.testing.assert_close(network(image, z), network(image, z))
        assert (network(image, z) - network(image, z + 5)).abs().max() > 1e-4


def test_nothing_beyond_the_context_matters(network):
    centre = 2 * network.context
    image = torch.randn(1, 2, 257, 2 * centre)
    z = torch.zeros(1, 3, 2 * centre // network.multiple)
    changed = image.clone()
    changed[..., centre] += 3
    with torch.no_grad():
        moved = (network(changed, z) - network(image, z)).abs().amax((0, 1, 2))
    assert moved[centre] > 1e-3
    assert moved[: centre - network.context].max() < 1e-6
    assert moved[centre + network.context + 1 :].max() < 1e-6


def test_mask_at_most_doubles(network):
    image = torch.ones(1, 2, 257, 16) * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)
    with torch.no_grad():
        assert network(image * 1.0).abs().max() <= 2
