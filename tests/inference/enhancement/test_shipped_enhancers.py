"""The models that ship, on real recordings that they were not trained on."""

import numpy as np
import pytest
import soxr
import torch

from speechgan import Enhancer
from speechgan.inference.enhancement.onnx_network import OnnxNetwork
from speechgan.metrics.intrusive import pesq_wb, si_sdr
from speechgan.pretrained.folder import list_models
from speechgan.pretrained.loading import load_model

RATE = 16000
NAMES = ["kerstin_wind", "p228_coffee", "p228_wind"]


@pytest.fixture(scope="module", params=["default", "quality", "tiny"])
def enhancer(request) -> Enhancer:
    return Enhancer.from_pretrained(request.param, "cpu")


@pytest.mark.parametrize(
    ("name", "causal", "most"),
    [("default", True, 150_000), ("quality", False, 1_500_000), ("tiny", True, 30_000)],
)
def test_they_ship_with_a_card(name, causal, most):
    assert name in list_models()
    model = load_model(name)
    count = sum(p.numel() for p in model.generator.parameters())
    assert most / 5 <= count <= most
    assert model.generator.causal == causal
    assert f"{count:,}" in model.card
    assert "Licence" in model.card


@pytest.mark.parametrize("name", NAMES)
def test_recordings_come_out_clearer(enhancer, recordings, name):
    noisy, clean = recordings[name]
    enhanced = enhancer(noisy, RATE)
    assert si_sdr(clean, enhanced, RATE) > si_sdr(clean, noisy, RATE) + 2
    assert pesq_wb(clean, enhanced, RATE) > pesq_wb(clean, noisy, RATE) + 0.15


@pytest.mark.parametrize("name", ["default", "quality", "tiny"])
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_the_graphs_that_ship_are_of_these_weights(recordings, name, rate):
    noisy = soxr.resample(recordings["p228_coffee"][0], RATE, rate)
    expected = Enhancer.from_pretrained(name, "cpu", engine="torch")(noisy, rate)
    without_torch = Enhancer.from_pretrained(name)
    assert isinstance(without_torch.network, OnnxNetwork)
    assert np.abs(without_torch(noisy, rate) - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("name", NAMES)
def test_clean_speech_is_hardly_changed(enhancer, recordings, name):
    clean = recordings[name][1]
    assert pesq_wb(clean, enhancer(clean, RATE), RATE) > 4


def test_a_soft_recording_comes_out_the_same_but_soft(enhancer, recordings):
    noisy = recordings["kerstin_wind"][0]
    soft = enhancer(noisy * 10**-1.5, RATE) * 10**1.5
    loud = enhancer(noisy, RATE)
    assert np.abs(soft - loud).max() < 1e-3 * np.abs(loud).max()


def test_a_direct_current_does_little_harm(enhancer, recordings):
    noisy, clean = recordings["p228_wind"]
    shifted = enhancer(noisy + np.float32(0.1), RATE)
    assert abs(shifted[RATE:-RATE].mean()) < 1e-3
    assert pesq_wb(clean, shifted, RATE) > pesq_wb(clean, enhancer(noisy, RATE), RATE) - 0.3


def test_a_recording_at_full_scale_stays_within_it(enhancer, recordings):
    noisy, clean = recordings["p228_coffee"]
    gain = 1 / np.abs(noisy).max()
    for factor in (gain, 4 * gain):
        loud = np.clip(factor * noisy, -1, 1)
        out = enhancer(loud, RATE)
        assert np.abs(out).max() <= 1
        assert si_sdr(clean, out, RATE) > si_sdr(clean, loud, RATE)


@pytest.mark.parametrize("kind", ["white", "hum", "chord"])
def test_what_is_no_speech_does_not_become_any(enhancer, kind):
    time = np.arange(4 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * f * time) / n for n in (1, 2, 3) for f in (220 * n, 277 * n))
    sounds = {
        "white": np.random.default_rng(0).normal(0, 0.05, len(time)),
        "hum": 0.1 * sum(np.sin(2 * np.pi * 50 * n * time) / n for n in range(1, 9)),
        "chord": 0.03 * chord,
    }
    sound = sounds[kind].astype(np.float32)
    left = enhancer(torch.from_numpy(sound), RATE).numpy()
    # It may be kept or taken down, but nothing is added and nothing pumps: from tenth to tenth of
    # a second the gain stays much the same once the model has heard two seconds. Where the sound
    # breaks off, with a click, what is left of it may rise to 18 dB under the sound.
    levels = np.sqrt(np.square(left[2 * RATE :]).reshape(-1, RATE // 10).mean(1))
    assert left[2 * RATE :].std() < 1.05 * sound.std()
    usual = 4 * np.median(levels)
    assert levels[:-1].max() < usual
    assert levels[-1] < max(usual, 0.12 * sound.std())


def test_noise_alone_is_taken_down(enhancer):
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.05, 2 * RATE)).float()
    left = enhancer(noise, RATE)[RATE:]
    assert left.std() < 0.3 * noise.std()


def test_there_is_no_click_where_a_file_is_cut_into_blocks(recordings):
    enhancer = Enhancer.from_pretrained("default", "cpu")
    noisy = np.tile(recordings["kerstin_wind"][0], 4)[: 11 * RATE]
    stream = enhancer.stream(RATE)
    pieces = [stream(block) for block in np.split(noisy, range(777, len(noisy), 777))]
    out = np.concatenate([*pieces, stream.flush()])
    whole = enhancer(noisy, RATE)
    assert np.abs(out - whole).max() < 1e-4 * np.abs(whole).max()
