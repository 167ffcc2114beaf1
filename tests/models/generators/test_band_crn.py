import pytest
import torch
from torch import Tensor, nn

from speechgan.features.stft import Stft
from speechgan.models.generators.band_crn import BandCRN, mel_hats

SMALL = {"channels": 12, "bands": 8, "hidden": 16, "blocks": 2}


@pytest.fixture(scope="module")
def image(recordings) -> Tensor:
    noisy = torch.from_numpy(recordings["kerstin_wind"][0][:24000])[None]
    return Stft()(noisy)


def trained(image: Tensor, **options: bool) -> BandCRN:
    """A network whose normalisation has seen images, and has weights of its own."""
    torch.manual_seed(0)
    network = BandCRN(**SMALL | options)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 2.0)
                nn.init.normal_(module.bias, 0, 0.3)
        network.decode_out.weight.mul_(10)
        for _ in range(10):
            network(image + 0.3 * torch.randn_like(image))
    return network.eval()


@pytest.fixture(scope="module")
def network(image) -> BandCRN:
    return trained(image)


def test_default_size_suits_frame_by_frame_use():
    assert 50_000 <= sum(p.numel() for p in BandCRN().parameters()) <= 150_000


def test_training_starts_from_a_mask_near_one(image):
    torch.manual_seed(0)
    for floor in (0.0, 0.35):
        with torch.no_grad():
            enhanced = BandCRN(floor=floor).eval()(image)
        assert (enhanced - image).norm() < 0.25 * image.norm()


def test_no_frame_knows_of_later_frames(network, image):
    assert network.causal
    with torch.no_grad():
        whole = network(image)
        changed = image.clone()
        changed[..., 50:] = torch.randn_like(changed[..., 50:])
        other = network(changed)
    torch.testing.assert_close(other[..., :50], whole[..., :50])
    assert (other[..., 50:] - whole[..., 50:]).abs().max() > 0.01


@pytest.mark.parametrize("part", ["level", "hidden_1", "cell_1", "hidden_2", "cell_2"])
def test_every_part_of_the_state_is_heard_in_later_frames(network, image, part):
    with torch.no_grad():
        _, state = network.continue_from(image[..., :50], network.initial_state(1))
        expected, _ = network.continue_from(image[..., 50:], state)
        forgetful = state | {part: torch.zeros_like(state[part])}
        found, _ = network.continue_from(image[..., 50:], forgetful)
    assert (found - expected).norm() > 3e-4 * expected.norm()


@pytest.mark.parametrize("block", [1, 7, 40])
def test_frames_in_blocks_equal_the_whole(network, image, block):
    with torch.no_grad():
        whole = network(image)
        state, parts = network.initial_state(1), []
        for start in range(0, image.shape[-1], block):
            part, state = network.continue_from(image[..., start : start + block], state)
            parts.append(part)
    torch.testing.assert_close(torch.cat(parts, -1), whole, rtol=1e-4, atol=1e-5)


def test_every_item_of_a_batch_goes_on_from_its_own_state(network, image):
    both = torch.cat([image, image.flip(3)])
    middle = image.shape[-1] // 2
    with torch.no_grad():
        alone = [network(item[None]) for item in both]
        first, state = network.continue_from(both[..., :middle], network.initial_state(2))
        # Streams that met in one batch part again.
        for item in range(2):
            own = {name: part[item : item + 1] for name, part in state.items()}
            second, _ = network.continue_from(both[item : item + 1, ..., middle:], own)
            found = torch.cat([first[item : item + 1], second], -1)
            torch.testing.assert_close(found, alone[item], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_output_scales_with_the_input(network, image, gain):
    with torch.no_grad():
        torch.testing.assert_close(
            network(image * gain) / gain, network(image), rtol=1e-3, atol=1e-5
        )


def test_silence_stays_silence(network):
    with torch.no_grad():
        assert network(torch.zeros(1, 2, 257, 20)).abs().max() == 0


@pytest.mark.parametrize("bidirectional", [False, True])
def test_fusing_takes_normalisation_away_and_changes_nothing(image, bidirectional):
    network = trained(image, bidirectional=bidirectional)
    with torch.no_grad():
        before = network(image)
        network.fuse()
        after = network(image)
    assert not [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert (before - image).norm() > 0.3 * image.norm()
    assert (after - before).norm() < 1e-5 * before.norm()


def test_a_bidirectional_network_hears_ahead_and_keeps_no_state(image):
    network = trained(image, bidirectional=True)
    assert not network.causal
    with torch.no_grad():
        changed = image.clone()
        changed[..., 50:] = torch.randn_like(changed[..., 50:])
        assert (network(changed) - network(image))[..., :50].abs().max() > 1e-3
        state = network.initial_state(1)
        state = {name: torch.rand_like(part) for name, part in state.items()}
        enhanced, after = network.continue_from(image, state)
        torch.testing.assert_close(enhanced, network(image))
    assert all(torch.equal(after[name], part) for name, part in state.items())


def test_what_a_bidirectional_network_hears_fades_within_its_context(image):
    """Blocks of a long sound, each with so many frames around it, are as good as the whole."""
    network = trained(image, bidirectional=True)
    sound = torch.cat([image, image.flip(3)] * 4, -1)
    edge = 300
    with torch.no_grad():
        whole = network(sound)[..., edge]
        block = network(sound[..., edge - network.context : edge + network.context])
    found = block[..., network.context]
    assert (found - whole).norm() < 0.02 * whole.norm()


@pytest.mark.parametrize(
    "larger",
    [
        {"blocks": 3},
        {"bidirectional": True},
        {},
        {"reach": 1},
        {"reach": 1, "bidirectional": True},
        {"span": 3, "bidirectional": True},
    ],
)
def test_a_grown_network_begins_as_the_smaller_one_and_learns_beyond_it(network, image, larger):
    torch.manual_seed(1)
    grown = BandCRN(**SMALL | larger).eval()
    grown.grow_from(network.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(grown(image), network(image))
    for step in range(2):  # what begins at zero lets gradients past it from the second step on
        grown.zero_grad()
        grown(image).square().mean().backward()
        if step == 0:
            with torch.no_grad():
                for weight in grown.parameters():
                    weight -= 0.1 * weight.grad.sign()
    assert not [name for name, w in grown.named_parameters() if not w.grad.abs().max() > 0]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"blocks": 1}, "there is no blocks.1.*here"),
        ({"layers": 2}, "there is no encoder.1.* in the smaller"),
        ({"hidden": 20}, r"is \[.*\], not \["),
    ],
)
def test_only_depth_and_directions_grow(network, options, text):
    with pytest.raises(ValueError, match=text):
        BandCRN(**SMALL | options).grow_from(network.state_dict())


@pytest.mark.parametrize(("bidirectional", "taps"), [(False, 3), (True, 9)])
def test_each_neighbour_within_reach_is_added_with_its_weight(image, bidirectional, taps):
    network = BandCRN(**SMALL, reach=1, bidirectional=bidirectional).eval()
    assert len(network.decode_out.bias) == 2 * taps
    with torch.no_grad():
        network.decode_out.weight.zero_()
        alone = network(image)
        network.decode_out.bias[2] = 0.5  # of the first neighbour: below, and before if heard
        found = network(image) - alone
    moved = image[..., :-1] if bidirectional else image
    beside = found[:, :, 1:, 1:] if bidirectional else found[:, :, 1:]
    torch.testing.assert_close(beside, 0.5 * moved[:, :, :-1])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"span": 3}, "hears ahead, and needs bidirectional"),
        ({"span": 2, "bidirectional": True}, "must be odd"),
    ],
)
def test_only_networks_that_hear_ahead_convolve_over_frames(options, text):
    with pytest.raises(ValueError, match=text):
        BandCRN(**SMALL | options)


def test_bins_must_split_evenly():
    with pytest.raises(ValueError, match="bins 258 must be a multiple of stride 4, plus one"):
        BandCRN(bins=258)


@pytest.mark.parametrize("sizes", [(64, 24), (64, 8), (128, 24), (24, 24)])
def test_hats_share_out_every_subband_and_widen_upwards(sizes):
    subbands, bands = sizes
    hats = mel_hats(subbands, bands)
    assert hats.shape == (bands, subbands) and (hats >= 0).all()
    torch.testing.assert_close(hats.sum(0), torch.ones(subbands))
    assert (hats.amax(1) > 0.5).all() and ((hats > 0).sum(0) <= 2).all()
    peaks = hats.argmax(1)
    assert peaks[0] == 0 and peaks[-1] == subbands - 1
    assert (peaks.diff() >= 1).all() and peaks.diff()[-1] >= peaks.diff()[0]


def test_peaks_of_hats_are_even_on_the_mel_scale():
    """With subbands of 1 Hz, too many for peaks to be kept apart."""
    hats = mel_hats(8001, 5)
    mel = 2595 * torch.log10(1 + hats.argmax(1) / 700)
    torch.testing.assert_close(mel, torch.linspace(0, mel[-1].item(), 5), rtol=0, atol=1)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_gradients_reach_every_weight(image, bidirectional):
    network = trained(image, bidirectional=bidirectional)
    network(image).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad.isfinite().all() and weight.grad.abs().max() > 1e-6, name


def test_gradients_of_silence_are_finite(image):
    network = BandCRN(**SMALL)
    half = torch.cat([torch.zeros_like(image), image])
    network(half).square().mean().backward()
    assert all(w.grad.isfinite().all() for w in network.parameters())
