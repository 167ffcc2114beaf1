"""Distances inside networks that were trained for something else."""

import numpy as np
import pytest
import torch

from speechgan.features.signal import Signal
from speechgan.losses.closeness import Closeness
from speechgan.losses.deep_features import DeepFeatureDistance, ListenerEar, SpeakerEar
from speechgan.metrics.speaker import FRAMES, HOP, embed_windows, raise_level, trim_silence

TERMS = ("listener_features", "speaker_features")


@pytest.mark.parametrize("term", TERMS)
def test_the_more_noise_the_further(recordings, term):
    noisy, clean = (torch.from_numpy(w[:16000])[None] for w in recordings["p228_coffee"])
    closeness = Closeness(**{term: 2.0})

    def distance(share: float) -> torch.Tensor:
        wave = clean.lerp(noisy, share).requires_grad_()
        (value,) = closeness(Signal(wave, wave), Signal(clean, clean)).values()
        if share:
            value.backward()
            assert wave.grad.isfinite().all() and wave.grad.any()
        return value.detach()

    assert distance(0.0) < 1e-5 < distance(0.1) < 0.7 * distance(1.0)


@pytest.mark.parametrize("term", TERMS)
def test_the_network_is_no_part_of_what_is_trained_or_kept(term):
    closeness = Closeness(**{term: 1.0})
    assert not list(closeness.parameters()) and not closeness.state_dict()


@pytest.mark.parametrize("ear", [ListenerEar, SpeakerEar])
def test_another_rate_is_refused(ear):
    with pytest.raises(ValueError, match=r"sample_rate=8000: .* needs 16000; train without it"):
        ear(8000)


def test_the_speaker_encoder_hears_here_what_it_hears_as_a_measure(recordings):
    wave = trim_silence(raise_level(recordings["kerstin_wind"][1]))
    ear = SpeakerEar()
    (heard,) = ear(torch.from_numpy(wave[: FRAMES * HOP])[None])
    raw = torch.relu(ear.encoder.linear(heard[:, FRAMES - 1]))
    embedding = (raw / raw.norm()).detach().numpy()[0]
    # The window of the measure reaches a little further than the wave that was cut.
    assert np.dot(embedding, embed_windows(recordings["kerstin_wind"][1])[0]) > 0.99


def test_layers_count_alike():
    class Loud:
        def __call__(self, wave: torch.Tensor) -> list[torch.Tensor]:
            return [wave, 1000 * wave]

    clean, made = torch.ones(1, 8), torch.full((1, 8), 1.5)
    distance = DeepFeatureDistance(Loud())(Signal(made, made), Signal(clean, clean))
    torch.testing.assert_close(distance, torch.tensor(0.5))
