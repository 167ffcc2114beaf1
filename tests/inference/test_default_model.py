"""The model that ships, on real recordings that it was not trained on."""

import numpy as np
import pytest
import torch

from speechgan import Enhancer
from speechgan.inference.model_folder import list_models
from speechgan.inference.pretrained import load_model
from speechgan.metrics.intrusive import pesq_wb, si_sdr

RATE = 16000


@pytest.fixture(scope="module")
def enhancer() -> Enhancer:
    return Enhancer.from_pretrained("default", "cpu")


def test_it_ships_with_a_card():
    assert "default" in list_models()
    model = load_model("default")
    count = sum(p.numel() for p in model.generator.parameters())
    assert 30_000 <= count <= 150_000
    assert f"{count:,}" in model.card
    assert "Licence" in model.card


@pytest.mark.parametrize("name", ["kerstin_wind", "p228_coffee", "p228_wind"])
def test_recordings_come_out_clearer(enhancer, recordings, name):
    noisy, clean = recordings[name]
    enhanced = enhancer(noisy, RATE)
    assert si_sdr(clean, enhanced, RATE) > si_sdr(clean, noisy, RATE) + 2
    assert pesq_wb(clean, enhanced, RATE) > pesq_wb(clean, noisy, RATE) + 0.15


def test_clean_speech_is_hardly_changed(enhancer, recordings):
    clean = recordings["p228_wind"][1]
    assert pesq_wb(clean, enhancer(clean, RATE), RATE) > 3


def test_a_soft_recording_comes_out_the_same_but_soft(enhancer, recordings):
    noisy = recordings["kerstin_wind"][0]
    soft = enhancer(noisy * 10**-1.5, RATE) * 10**1.5
    loud = enhancer(noisy, RATE)
    assert np.abs(soft - loud).max() < 1e-3 * np.abs(loud).max()


def test_noise_alone_is_taken_down(enhancer):
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.05, 2 * RATE)).float()
    left = enhancer(noise, RATE)[RATE:]
    assert left.std() < 0.3 * noise.std()
