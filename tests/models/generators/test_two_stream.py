import pytest
import torch

from speechgan.features.stft import Stft
from speechgan.models.generators.two_stream import TwoStreamRestorer

SMALL = {"channels": 16, "hidden": 32, "blocks": 2, "level_reach": 20}


@pytest.fixture(scope="module")
def features() -> Stft:
    return Stft(512, 128)


@pytest.fixture(scope="module")
def speech(recordings, features) -> torch.Tensor:
    wave = torch.from_numpy(recordings["p228_wind"][1][None, :24000])
    return wave.clone()


@pytest.fixture
def network() -> TwoStreamRestorer:
    """As if trained: what it adds is not zero."""
    torch.manual_seed(0)
    network = TwoStreamRestorer(**SMALL).eval()
    for stream in (network.amplitude, network.phase):
        torch.nn.init.normal_(stream.leave.weight, std=0.2)
    return network


@torch.no_grad()
def test_untrained_it_gives_its_input(features, speech):
    image = features(speech)
    made = features.inverse(TwoStreamRestorer(**SMALL)(image), speech.shape[1])
    error = 10 * torch.log10((made - speech).square().sum() / speech.square().sum())
    assert error < -45


@torch.no_grad()
@pytest.mark.parametrize("factor", [0.03, 30.0])
def test_the_output_scales_with_the_input(network, features, speech, factor):
    image = features(speech)
    made, scaled = network(image), network(image * factor)
    assert (made - image).abs().max() > 0.1
    torch.testing.assert_close(scaled / factor, made, rtol=1e-3, atol=1e-4)


@torch.no_grad()
def test_silence_stays_silence(network):
    assert not network(torch.zeros(2, 2, 257, 50)).any()


@torch.no_grad()
def test_a_gap_is_filled_and_a_missing_band_too(network, features, speech):
    """Where a mask would leave nothing."""
    wave = speech.clone()
    wave[:, 12000:14000] = 0
    image = features(wave)
    image[:, :, 130:] = 0
    made = network(image).square().sum(1).sqrt()
    silent = image.square().sum(1) == 0
    assert silent[:, 5].sum() > 5 and silent[:, 200].all()
    level = image.square().sum(1).sqrt().mean()
    assert (made[silent] > 0.005 * level).float().mean() > 0.95


@torch.no_grad()
def test_nothing_beyond_the_context_matters_and_all_within_it_is_heard(network):
    centre = network.context + 5
    image = torch.randn(1, 2, 257, 2 * centre + 1)
    changed = image.clone()
    changed[..., centre] *= 3
    moved = (network(changed) - network(image)).abs().amax((0, 1, 2))
    reach = network.context
    assert moved[centre] > 1e-2 and moved[centre - reach] > 0 and moved[centre + reach] > 0
    assert moved[: centre - reach].max() == 0 == moved[centre + reach + 1 :].max()


@torch.no_grad()
def test_gaps_hardly_change_the_level(network, features, speech):
    """What an enhancer does to silence before, such as to take off a direct current, as well."""
    size = features(speech).square().sum(1).sqrt()
    gaps = torch.ones(size.shape[-1])
    gaps[::5] = 0
    frames = slice(40, 150)
    whole = network.measure_level(size)[..., frames]
    for rest in (0.0, 1e-3):
        interrupted = network.measure_level(size * (gaps + rest * (1 - gaps)))[..., frames]
        assert (interrupted / whole - 1).abs().max() < 0.15


@torch.no_grad()
@pytest.mark.parametrize("name", ["amplitude", "phase"])
def test_each_stream_hears_the_other(network, name):
    """What the other makes of it is taken away: it can only be heard through the exchange."""
    image = torch.randn(1, 2, 257, 30)
    other = getattr(network, {"amplitude": "phase", "phase": "amplitude"}[name])
    other.leave.weight.zero_()
    before = network(image)
    torch.nn.init.normal_(other.conv.weight)
    assert (network(image) - before).abs().max() > 0.01


@pytest.mark.parametrize("name", ["bins", "channels", "hidden", "blocks", "level_reach"])
def test_sizes_out_of_range_are_named(name):
    with pytest.raises(ValueError, match=f"{name} 0: must be 1 or more"):
        TwoStreamRestorer(**{name: 0})
