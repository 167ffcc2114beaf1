import pytest
import torch

from speechgan.features.stft import Stft
from speechgan.models.generators.band_crn import BandCRN
from speechgan.models.generators.band_restorer import BandRestorer, difference_tones

SMALL = {"channels": 8, "bands": 16, "hidden": 8, "blocks": 2, "reach": 1}


@pytest.fixture
def image() -> torch.Tensor:
    return torch.randn(2, 2, 257, 40, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def network() -> BandRestorer:
    torch.manual_seed(0)
    return BandRestorer(**SMALL).eval()


@pytest.fixture
def loud(network) -> BandRestorer:
    """What it makes is as loud as the sound, in all bins."""
    with torch.no_grad():
        network.make_out.weight.mul_(5)
        network.make_out.bias[0] = 0
    return network


@torch.no_grad()
def test_it_begins_as_an_enhancer_and_a_faint_sound(image):
    torch.manual_seed(1)
    smaller = BandCRN(**SMALL, bidirectional=True).eval()
    network = BandRestorer(**SMALL | {"blocks": 3, "span": 3}).eval()
    network.grow_from(smaller.state_dict())
    made = network(image) - smaller(image)
    assert 0 < made.abs().max() < 0.1


@torch.no_grad()
def test_an_empty_band_is_filled(loud, image):
    image[:, :, 100:] = 0
    level = image.square().sum(1).sqrt().mean()
    assert (loud(image)[:, :, 102:].square().sum(1).sqrt() > 0.1 * level).float().mean() > 0.9


@torch.no_grad()
def test_what_is_made_is_the_sound_below_moved_up():
    """The same tone, by its phase in every frame."""
    features = Stft(512, 256)
    tone = 0.1 * torch.cos(2 * torch.pi * (40 / 512) * torch.arange(16000))[None]
    network = BandRestorer(**SMALL, shifts=(128,)).eval()
    for parameter in (network.make_out.weight, network.decode_out.weight):
        parameter.zero_()
    network.make_out.bias[0] = 0
    image = features(tone)
    made = network(image)[0, :, 168, 5:-5]
    assert (made.norm(dim=0) > 0.05).all()
    same = torch.nn.functional.cosine_similarity(made, image[0, :, 40, 5:-5], dim=0)
    assert same.min() > 0.95


def voice(*harmonics: int) -> torch.Tensor:
    """Harmonics of 150 Hz, in one phase at the start of each period."""
    times = torch.arange(16000) / 16000
    tones = [torch.cos(2 * torch.pi * 150 * number * times) for number in harmonics]
    return 0.05 * torch.stack(tones).sum(0, keepdim=True)


def test_difference_tones_are_the_missing_harmonics():
    features = Stft(512, 256)
    missing = features(voice(1, 2))[0, :, :12, 5:-5]
    tones = difference_tones(features(voice(*range(3, 20))), 12)[0, ..., 5:-5]
    assert tones.norm(dim=0).max() <= 1
    same = torch.nn.functional.cosine_similarity(missing, tones, dim=0)
    assert (same[[4, 5, 9, 10]] > 0.9).all()


@torch.no_grad()
def test_a_missing_fundamental_is_made_from_the_harmonics_above():
    features = Stft(512, 256)
    network = BandRestorer(**SMALL, tones=12).eval()
    for parameter in (network.make_out.weight, network.decode_out.weight):
        parameter.zero_()
    network.make_out.bias[0] = 0
    network.tone_out.bias[0] = 1
    made = network(features(voice(*range(3, 20))))[0, :, :12, 5:-5]
    assert (made[:, 4:6].norm(dim=0) > 0.05).all()
    missing = features(voice(1, 2))[0, :, :12, 5:-5]
    same = torch.nn.functional.cosine_similarity(made, missing, dim=0)
    assert same[4:6].mean() > 0.85  # what leaks there from above is heard too


@torch.no_grad()
def test_a_network_with_tones_begins_as_the_one_without(network, image):
    grown = BandRestorer(**SMALL, tones=12).eval()
    grown.grow_from(network.state_dict())
    torch.testing.assert_close(grown(image), network(image))


@torch.no_grad()
@pytest.mark.parametrize("factor", [0.03, 30.0])
def test_the_output_scales_with_the_input(loud, image, factor):
    torch.testing.assert_close(loud(image * factor) / factor, loud(image), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_frames_of_silence_stay_silent(loud, image):
    image[..., 10:20] = 0
    made = loud(image)
    assert not made[..., 11:19].any()
    assert made[..., 9].abs().max() > 0.1
    assert not loud(torch.zeros_like(image)).any()


def test_all_that_it_adds_learns(loud, image):
    loud(image).square().mean().backward()
    assert (loud.make_out.weight.grad.abs().amax((0, 2, 3)) > 0).all()
    assert (loud.make_out.bias.grad.abs() > 0).all()


def test_the_weights_of_difference_tones_learn(image):
    network = BandRestorer(**SMALL, tones=12)
    network(image).square().mean().backward()
    for parameter in network.tone_out.parameters():
        assert (parameter.grad.abs() > 0).any()


@pytest.mark.parametrize("shift", [0, 255])
def test_shifts_out_of_range_are_named(shift):
    with pytest.raises(ValueError, match=rf"shifts \[{shift}\]: must be from 1 to 254 bins"):
        BandRestorer(shifts=(shift,))
    image = torch.randn(1, 2, 257, 4)
    assert BandRestorer(**SMALL, shifts=(1, 254))(image).shape == image.shape


@pytest.mark.parametrize("tones", [-4, 10, 128])
def test_tones_out_of_range_are_named(tones):
    with pytest.raises(ValueError, match=f"tones {tones}: must be"):
        BandRestorer(**SMALL, tones=tones)
