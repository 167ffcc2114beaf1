import pytest
import torch

from speechgan.features.stft import Stft
from speechgan.models.crn import CausalCRN


@pytest.fixture(scope="module")
def network() -> CausalCRN:
    torch.manual_seed(0)
    return CausalCRN(channels=16, bands=8, hidden=16).eval()


@pytest.fixture(scope="module")
def image(recordings) -> torch.Tensor:
    noisy = torch.from_numpy(recordings["kerstin_wind"][0][:24000])[None]
    return Stft()(noisy)


def test_default_size_suits_frame_by_frame_use():
    assert 30_000 <= sum(p.numel() for p in CausalCRN().parameters()) <= 150_000


def test_no_frame_knows_of_later_frames(network, image):
    with torch.no_grad():
        whole = network(image)
        changed = image.clone()
        changed[..., 50:] = torch.randn_like(changed[..., 50:])
        other = network(changed)
    torch.testing.assert_close(other[..., :50], whole[..., :50])
    assert (other[..., 50:] - whole[..., 50:]).abs().max() > 0.01


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
        first, state = network.continue_from(both[..., :middle], network.initial_state(2))
        # Streams that met in one batch part again.
        for item in range(2):
            own = {name: part[item : item + 1] for name, part in state.items()}
            second, _ = network.continue_from(both[item : item + 1, ..., middle:], own)
            found = torch.cat([first[item : item + 1], second], -1)
            alone = network(both[item : item + 1])
            torch.testing.assert_close(found, alone, rtol=1e-4, atol=1e-5)


def test_the_recurrent_state_is_one_tensor_whose_shape_stays(network, image):
    start = network.initial_state(2)
    with torch.no_grad():
        _, after = network.continue_from(image.expand(2, -1, -1, -1), start)
    assert start["hidden"].shape == after["hidden"].shape == (2, 2, 8, 16)
    # Both blocks remember, and what the first of them does is not what the second does.
    first, second = after["hidden"][0]
    assert first.abs().max() > 0.01 and second.abs().max() > 0.01
    assert (first - second).abs().max() > 0.01


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_output_scales_with_the_input(network, image, gain):
    with torch.no_grad():
        torch.testing.assert_close(
            network(image * gain) / gain, network(image), rtol=1e-3, atol=1e-5
        )


def test_items_of_a_batch_do_not_see_each_other(network, image):
    with torch.no_grad():
        both = network(torch.cat([image, torch.randn_like(image)]))
        torch.testing.assert_close(both[:1], network(image), rtol=1e-4, atol=1e-5)


def test_silence_stays_silence(network):
    with torch.no_grad():
        assert network(torch.zeros(1, 2, 257, 20)).abs().max() == 0
