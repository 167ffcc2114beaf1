import pytest
import torch

from speechgan.features.ratio_mask import ideal_ratio_mask
from speechgan.features.stft import Stft


@pytest.fixture
def speech() -> torch.Tensor:
    return torch.randn(2, 4000, generator=torch.Generator().manual_seed(0)) * 0.1


@pytest.mark.parametrize("power", [0.3, 1.0])
def test_the_mask_of_known_sounds(speech, power):
    features = Stft(power=power)
    nothing = torch.zeros_like(speech)
    for clean, noisy, expected in (
        (speech, speech, 1.0),
        (nothing, speech, 0.0),
        # Turned over, noise is as strong as speech at every point; so is the sound itself.
        (speech, nothing, 0.5**0.5),
        (speech, 2 * speech, 0.5**0.5),
        (speech, speech + 3 * speech, 0.1**0.5),
        (nothing, nothing, 0.0),
    ):
        mask = ideal_ratio_mask(clean, noisy, features)
        assert mask.shape == (2, 1, 257, features.frames(4000))
        torch.testing.assert_close(mask, torch.full_like(mask, expected))


def test_the_mask_does_not_depend_on_the_level(speech):
    noisy = speech + speech.flip(1)
    loud, soft = (ideal_ratio_mask(g * speech, g * noisy, Stft()) for g in (1.0, 1e-3))
    torch.testing.assert_close(loud, soft, atol=1e-3, rtol=0)
    assert loud.std() > 0.1
