import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, generic_filter
from scipy.signal import istft, stft

from speechgan.metrics.sharpness import sharpness
from speechgan.utils.errors import UnmeasurableError


def redraw(wave, change):
    """The wave with another magnitude spectrogram and its own phases."""
    _, _, spectrum = stft(wave, nperseg=512, noverlap=384)
    magnitude = change(np.abs(spectrum))
    _, result = istft(magnitude * np.exp(1j * np.angle(spectrum)), nperseg=512, noverlap=384)
    return result[: len(wave)]


def test_equals_its_definition(coffee):
    clean, noisy = (wave[8000:16000] for wave in coffee)
    window = np.hanning(512 + 2)[1:-1]
    images = []
    for wave in (clean, noisy):
        _, _, spectrum = stft(wave, window=window, nperseg=512, boundary=None, padded=False)
        power = np.abs(spectrum[:, : (len(wave) - 512) // 256]) ** 2
        images.append(10 * np.log10(np.maximum(power / power.max(), 1e-6)))
    squares = {"size": 5, "mode": "nearest"}
    speech = generic_filter(images[0], np.mean, **squares) > -40
    variances = [generic_filter(image, np.var, **squares)[speech].sum() for image in images]
    assert sharpness(clean, noisy, 16000) == pytest.approx(variances[1] / variances[0], rel=1e-6)


def test_the_clean_speech_is_1_at_any_level(pair):
    clean, noisy = pair
    assert sharpness(clean, clean, 16000) == 1
    assert sharpness(clean, 0.01 * clean, 16000) == pytest.approx(1)
    assert sharpness(clean, 0.1 * noisy, 16000) == pytest.approx(sharpness(clean, noisy, 16000))


def test_falls_with_blur(pair):
    clean, _ = pair
    little, much = (
        sharpness(clean, redraw(clean, lambda m, s=sigma: gaussian_filter(m, s)), 16000)
        for sigma in (1, 3)
    )
    assert much < little < 0.9


def test_noise_that_fills_the_valleys_lowers_it(pair):
    assert sharpness(*pair, 16000) < 0.9


def test_digging_out_the_valleys_raises_it(pair):
    clean, _ = pair

    def gate(magnitude):
        return magnitude * (magnitude > 0.02 * magnitude.max())

    assert sharpness(clean, redraw(clean, gate), 16000) > 1.1


def test_silence_is_refused(coffee):
    clean, noisy = coffee
    for pair in ((0 * clean, noisy), (clean, 0 * noisy)):
        with pytest.raises(UnmeasurableError, match="silence"):
            sharpness(*pair, 16000)
