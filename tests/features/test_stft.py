import numpy as np
import pytest
import scipy.signal
import torch

from speechgan.features.emphasis import de_emphasise, pre_emphasise
from speechgan.features.stft import Stft, magnitude, rescale


@pytest.mark.parametrize(
    "n_fft, hop_length, power", [(512, 256, 0.3), (512, 128, 1.0), (400, 100, 0.5)]
)
@pytest.mark.parametrize("samples", [1, 255, 256, 5000])
def test_inverse_gives_the_wave_back(n_fft, hop_length, power, samples):
    wave = torch.from_numpy(np.random.default_rng(0).uniform(-1, 1, (2, samples))).float()
    features = Stft(n_fft, hop_length, power)
    image = features(wave)
    assert image.shape == (2, 2, n_fft // 2 + 1, features.frames(samples))
    assert (features.inverse(image, samples) - wave).abs().max() < 1e-6


def test_image_is_the_stft_of_scipy_with_compressed_magnitude(recordings):
    wave = recordings["kerstin_wind"][0]
    features = Stft(512, 256, 0.3)
    image = features(torch.from_numpy(wave)[None])[0].numpy()
    window = np.sqrt(scipy.signal.get_window("hann", 512))
    padded = np.concatenate([np.zeros(256), wave])
    frame = 40
    spectrum = np.fft.rfft(padded[frame * 256 : frame * 256 + 512] * window)
    ours = image[0, :, frame] + 1j * image[1, :, frame]
    np.testing.assert_allclose(np.abs(ours), np.abs(spectrum) ** 0.3, rtol=1e-3, atol=1e-4)
    loud = np.abs(spectrum) > 1e-2
    np.testing.assert_allclose(np.angle(ours)[loud], np.angle(spectrum)[loud], atol=1e-3)


def test_image_of_a_quieter_wave_is_the_image_times_a_power(recordings):
    wave = torch.from_numpy(recordings["p228_wind"][0])[None]
    features = Stft(power=0.3)
    torch.testing.assert_close(
        features(wave * 0.01), features(wave) * 0.01**0.3, rtol=1e-4, atol=1e-4
    )


def test_silence_has_a_finite_image_and_gradient():
    wave = torch.zeros(1, 2000, requires_grad=True)
    image = Stft()(wave)
    magnitude(image).sum().backward()
    assert image.abs().max() == 0
    assert wave.grad.isfinite().all()


def test_rescale_undoes_itself():
    image = torch.randn(1, 2, 5, 7)
    torch.testing.assert_close(rescale(rescale(image, 0.3), 1 / 0.3), image)


def test_hop_that_does_not_divide_the_window_is_refused():
    with pytest.raises(ValueError, match="must divide"):
        Stft(512, 200)


def test_emphasis_is_scipys_filter_and_de_emphasis_undoes_it(recordings):
    wave = recordings["p228_coffee"][0]
    lifted = pre_emphasise(torch.from_numpy(wave)[None])
    expected = scipy.signal.lfilter([1, -0.95], [1], wave)
    np.testing.assert_allclose(lifted[0].numpy(), expected, atol=1e-6)
    np.testing.assert_allclose(de_emphasise(lifted)[0].numpy(), wave, atol=1e-5)
