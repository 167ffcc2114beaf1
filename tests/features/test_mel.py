import librosa
import numpy as np
import pytest
import torch

from speechgan.features.mel import LogMel, MelVoice


@pytest.mark.parametrize("highest", [None, 7000.0])
def test_equals_librosa(recordings, highest):
    wave = recordings["p228_wind"][1]
    image = LogMel(16000, highest=highest)(torch.from_numpy(wave)[None])
    expected = librosa.feature.melspectrogram(
        y=wave, sr=16000, n_fft=1024, hop_length=256, n_mels=80, power=1, fmax=highest,
        pad_mode="constant",
    )  # fmt: skip
    assert image.shape == (1, 1, *expected.shape)
    assert image[0, 0].numpy() == pytest.approx(np.log(np.maximum(expected, 1e-5)), abs=1e-3)


def test_silence_is_the_floor_and_has_a_gradient():
    wave = torch.zeros(1, 4000, requires_grad=True)
    image = LogMel()(wave)
    image.sum().backward()
    assert image.detach().numpy() == pytest.approx(np.log(1e-5), abs=0.01)
    assert wave.grad.isfinite().all()


def test_warp_moves_a_tone() -> None:
    """The band of 1000 Hz comes to stand where that of 1200 Hz is; a factor of 1 moves nothing."""
    mel = MelVoice()
    time = np.arange(8000) / 16000
    before, after = (
        mel.analyse(np.sin(2 * np.pi * hertz * time).astype(np.float32)).image[:, 10]
        for hertz in (1000, 1200)
    )
    same, moved = mel.warp(np.array([1.0, 1.2])) @ before
    assert np.allclose(same, before, atol=1e-4)
    assert before.argmax() != after.argmax() == moved.argmax()
