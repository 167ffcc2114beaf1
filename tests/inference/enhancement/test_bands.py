"""What lies outside the band that a model knows."""

import numpy as np
import pytest

from speechgan import Enhancer
from speechgan.inference.enhancement.bands import share_mask
from speechgan.inference.enhancement.frames import Framing
from speechgan.inference.enhancement.upper_band import UpperBand
from speechgan.pretrained.loading import Model

FRAME = 0.016


def tone(frequency: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return (0.1 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)).astype("f")


def noise(*shape: int) -> np.ndarray:
    random = np.random.default_rng(1)
    return (random.standard_normal(shape) + 1j * random.standard_normal(shape)).astype(np.complex64)


@pytest.mark.parametrize("rate", [44100, 48000, 96000])
def test_a_transparent_model_leaves_the_whole_band(transparent: Model, rate: int) -> None:
    # Tones, as nothing but a direct current is taken off, for which the first frame, that tells
    # least, takes a little of a low tone too.
    wave = np.stack([tone(500, rate), tone(7000, rate) + tone(12000, rate)])
    out = Enhancer.from_model(transparent, "cpu")(wave, rate)
    away = np.abs(out - wave)
    assert away.max() < 4e-3 and away[:, round(0.016 * rate) :].max() < 2e-3


@pytest.mark.parametrize("rate", [32000, 44100, 48000])
def test_the_upper_band_falls_with_what_lies_right_below(loud: Model, rate: int) -> None:
    # A model that takes 12 dB off what it knows.
    loud.generator.gain = 0.25**0.3
    wave = tone(6000, rate) + tone(11000, rate)
    out = Enhancer.from_model(loud, "cpu")(wave, rate)
    assert np.allclose(out[rate // 2 : -2000], 0.25 * wave[rate // 2 : -2000], atol=1e-3)


def test_the_upper_band_is_never_raised(loud: Model) -> None:
    wave = tone(6000, 48000) + tone(11000, 48000)
    out = Enhancer.from_model(loud, "cpu")(wave, 48000)
    expected = 3 * tone(6000, 48000) + tone(11000, 48000)
    assert np.allclose(out[24000:-2000], expected[24000:-2000], atol=1e-3)


def frames(framing: Framing, bands: list[float], count: int) -> np.ndarray:
    """Noise of amplitude 1 in the model's band, and of each amplitude in bands above it."""
    spectrum = noise(1, count, framing.bins)
    edges = np.linspace(257, framing.bins, len(bands) + 1).astype(int)
    for amplitude, low, high in zip(bands, edges[:-1], edges[1:], strict=True):
        spectrum[..., low:high] *= amplitude
    return spectrum


def gains(upper: UpperBand, spectrum: np.ndarray, kept: float) -> np.ndarray:
    """Of four of eight bands, `(frame, 4)`, where a model keeps a share of the amplitude."""
    out = upper(spectrum, kept * spectrum[..., :257])
    assert np.array_equal(out[..., :257], kept * spectrum[..., :257])
    bins = np.linspace(257, spectrum.shape[-1], 9).astype(int)[[0, 2, 5, 7]] + 3
    return np.abs(out / spectrum)[0][:, bins]


def test_above_the_model_noise_is_learned_in_pauses_and_more_is_kept_than_noise() -> None:
    framing = Framing.at(48000, 16000, 512, 256)
    upper = UpperBand(framing, 1, FRAME)
    assert np.allclose(gains(upper, frames(framing, [0.1] * 8, 20), 1.0), 1)
    pause = gains(upper, frames(framing, [0.1] * 8, 60), 0.1)
    # It takes a tenth of a second to fall to what the model keeps, and never falls lower.
    assert pause[1].min() > 0.7 and np.allclose(pause[20:], 0.1, atol=0.01)
    # The model takes half of the upper half down, but two bands hold ten times their noise.
    speech = gains(upper, frames(framing, [0.1, 0.1, 0.1, 0.1, 1, 1, 0.1, 1], 15), 0.5)
    assert np.allclose(speech[8:, [0, 1]], 0.5, atol=0.05)
    assert (speech[8:, [2, 3]] > 0.8).all()
    # What the model holds for speech is kept above it too.
    assert (gains(upper, frames(framing, [0.1] * 8, 30), 1.0)[15:] > 0.95).all()


def test_a_band_of_few_bins_above_the_model_has_as_many_gains() -> None:
    framing = Framing(512 + 6, 259, 257, 1.0)
    upper = UpperBand(framing, 2, FRAME)
    spectrum = noise(2, 5, framing.bins)
    assert upper(spectrum, spectrum[..., :257]).shape == spectrum.shape


def test_the_telephone_band_is_filled_up_and_cut_back(transparent: Model) -> None:
    wave = tone(1000, 8000)
    out = Enhancer.from_model(transparent, "cpu")(wave, 8000)
    assert np.abs(out - wave).max() < 2e-3


@pytest.mark.parametrize("rate", [44100, 48000, 22050, 11025, 8000])
def test_a_model_hears_the_same_levels_at_any_rate(transparent: Model, rate: int) -> None:
    heard = []
    continue_from = transparent.generator.continue_from

    def watch(image, state):  # type: ignore[no-untyped-def]
        heard.append(image)
        return continue_from(image, state)

    transparent.generator.continue_from = watch
    for each in (16000, rate):
        Enhancer.from_model(transparent, "cpu").stream(each)(tone(1000, each))
    reference, other = (image[0].square().sum(0)[:, 20:50].mean(1) for image in heard)
    assert reference.argmax() == other.argmax() == 32
    # 11.025 kHz has no hop of exactly 16 ms: its bins are off by 0.2 %.
    assert np.allclose(reference[28:37], other[28:37], rtol=0.03, atol=0.07 * reference.max())


def test_a_shared_mask_is_the_best_one_mask() -> None:
    noisy, enhanced = noise(3, 4, 5), noise(3, 4, 5)
    mask = share_mask(noisy, enhanced) / noisy
    assert np.allclose(mask[0], mask[1], atol=1e-5)
    for frame, k in np.ndindex(4, 5):
        best, *_ = np.linalg.lstsq(noisy[:, frame, k, None], enhanced[:, frame, k], rcond=None)
        assert mask[0, frame, k] == pytest.approx(best[0], abs=1e-4)
    silence = np.zeros((2, 1, 5), np.complex64)
    assert not share_mask(silence, silence).any()
