import numpy as np
import pytest
import torch
from torch import nn

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft
from speechgan.losses.closeness import TERMS, Closeness


@pytest.fixture(scope="module")
def pair(recordings):
    noisy, clean = (torch.from_numpy(w)[None] for w in recordings["p228_coffee"])
    features = Stft()
    return Signal(noisy, features(noisy)), Signal(clean, features(clean))


@pytest.mark.parametrize("name", TERMS)
def test_zero_for_the_clean_signal_and_falling_towards_it(name, pair):
    noisy, clean = pair
    wave = (noisy.wave + clean.wave) / 2
    halfway = Signal(wave, Stft()(wave))
    term = TERMS[name](16000)
    assert term(clean, clean).item() == pytest.approx(0, abs=1e-6)
    assert 0 < term(halfway, clean) < term(noisy, clean)


@pytest.mark.parametrize("name", ["multi_resolution_stft", "log_mel", "multi_resolution_mel"])
def test_items_may_be_shorter_than_a_window(name, pair):
    noisy, clean = (Signal(s.wave[:, :400], s.image) for s in pair)
    term = TERMS[name](16000)
    assert term(clean, clean).item() == pytest.approx(0, abs=1e-6)
    assert term(noisy, clean).isfinite()


def test_values_against_numpy(pair):
    noisy, clean = pair
    a, b = (s.image[0].numpy().astype(float) for s in pair)
    sizes = np.hypot(*a), np.hypot(*b)
    terms = Closeness(wave=1.0, complex=1.0, magnitude=2.0)(noisy, clean)
    assert terms["closeness/wave"].item() == pytest.approx(
        np.abs(noisy.wave.numpy() - clean.wave.numpy()).mean(), rel=1e-4
    )
    assert terms["closeness/complex"].item() == pytest.approx(((a - b) ** 2).mean(), rel=1e-4)
    assert terms["closeness/magnitude"].item() == pytest.approx(
        2 * ((sizes[0] - sizes[1]) ** 2).mean(), rel=1e-3
    )


def test_a_weight_of_zero_leaves_a_term_out_whatever_it_needs(pair):
    terms = Closeness(48000, pesq=0.0, estoi=0.0, wave=1.0)
    assert set(terms(*pair)) == {"closeness/wave"}


class Offset(nn.Module):
    """How far means lie apart."""

    def forward(self, made: Signal, clean: Signal) -> torch.Tensor:
        return (made.wave.mean() - clean.wave.mean()).abs()


def test_a_term_of_ones_own(pair):
    noisy, _ = pair
    shifted = Signal(noisy.wave + 0.25, noisy.image)
    found = Closeness(offset={"weight": 2.0, "term": Offset()})(shifted, noisy)
    assert found["closeness/offset"].item() == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("name", ["pesq", "estoi"])
def test_terms_that_need_16_khz_say_so(name):
    with pytest.raises(ValueError, match=rf"sample_rate=48000: .*system\.closeness\.{name}=0"):
        Closeness(48000, **{name: 1.0})


def test_an_unknown_term_is_named():
    with pytest.raises(ValueError, match="no closeness term 'l3'; known: "):
        Closeness(l3=1.0)
