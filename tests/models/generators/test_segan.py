import pytest
import torch

from speechgan.features.signal import Signal
from speechgan.models.discriminators.segan import SeganDiscriminator, VirtualBatchNorm
from speechgan.models.generators.segan import SeganGenerator

SMALL = (4, 4, 8, 8)


def test_published_size():
    """97.5 million weights in both networks, as the papers that compare with SEGAN count them."""
    with torch.device("meta"):
        networks = SeganGenerator(), SeganDiscriminator()
    count = sum(p.numel() for network in networks for p in network.parameters())
    assert round(count / 1e6, 1) == 97.5


@pytest.mark.parametrize("samples", [1, 16, 500])
def test_output_is_as_long_as_the_input(samples):
    assert SeganGenerator(SMALL)(torch.randn(2, samples)).shape == (2, samples)


def test_noise_gives_several_outputs_and_the_same_noise_the_same():
    torch.manual_seed(0)
    network, wave = SeganGenerator(SMALL).eval(), torch.randn(1, 160)
    z = torch.randn(1, network.z_channels, 10)
    torch.testing.assert_close(network(wave, z), network(wave, z))
    assert (network(wave) - network(wave)).abs().max() > 1e-4
    plain = SeganGenerator(SMALL, latent=False)
    torch.testing.assert_close(plain(wave), plain(wave))


def test_nothing_beyond_the_context_matters():
    torch.manual_seed(0)
    network = SeganGenerator(SMALL, latent=False).eval()
    centre = network.context + 64
    wave = torch.randn(1, 2 * centre)
    changed = wave.clone()
    changed[:, centre] += 3
    with torch.no_grad():
        moved = (network(changed) - network(wave)).abs()[0]
    far = torch.cat([moved[: centre - network.context], moved[centre + network.context + 1 :]])
    assert moved[centre] > 1e-3
    assert far.max() < 1e-5 * moved[centre]


def test_virtual_batch_norm_with_itself_as_reference_is_batch_norm():
    x = torch.randn(6, 3, 50) * 4 + 1
    _, reference = VirtualBatchNorm(3)(x, x)
    expected = torch.nn.functional.batch_norm(x, None, None, training=True)
    torch.testing.assert_close(reference, expected, rtol=1e-4, atol=1e-4)


def test_an_items_score_does_not_depend_on_the_others_in_its_batch():
    torch.manual_seed(0)
    discriminator = SeganDiscriminator(256, 4, SMALL)
    waves, other = torch.randn(4, 256), torch.randn(4, 256)
    signal = Signal(waves, waves)
    discriminator(signal, signal)
    alone = discriminator(Signal(waves[:1], waves), Signal(other[:1], other))["joint"]
    together = discriminator(signal, Signal(other, other))["joint"]
    torch.testing.assert_close(together[:1], alone)
    assert together.std() > 1e-4
