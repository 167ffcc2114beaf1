import numpy as np
import pytest
import torch

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.closeness import CLOSENESS


@pytest.fixture(scope="module")
def pair(recordings):
    noisy, clean = (torch.from_numpy(w)[None] for w in recordings["p228_coffee"])
    features = Stft()
    return Signal(noisy, features(noisy)), Signal(clean, features(clean))


@pytest.mark.parametrize("name", CLOSENESS)
def test_zero_for_the_clean_signal_and_falling_towards_it(name, pair):
    noisy, clean = pair
    wave = (noisy.wave + clean.wave) / 2
    halfway = Signal(wave, Stft()(wave))
    term = CLOSENESS[name]
    assert term(clean, clean).item() == pytest.approx(0, abs=1e-6)
    assert 0 < term(halfway, clean) < term(noisy, clean)


def test_values_against_numpy(pair):
    noisy, clean = pair
    a, b = (s.image[0].numpy().astype(float) for s in pair)
    sizes = np.hypot(*a), np.hypot(*b)
    assert CLOSENESS["wave"](noisy, clean).item() == pytest.approx(
        np.abs(noisy.wave.numpy() - clean.wave.numpy()).mean(), rel=1e-4
    )
    assert CLOSENESS["complex"](noisy, clean).item() == pytest.approx(
        ((a - b) ** 2).mean(), rel=1e-4
    )
    assert CLOSENESS["magnitude"](noisy, clean).item() == pytest.approx(
        ((sizes[0] - sizes[1]) ** 2).mean(), rel=1e-3
    )
