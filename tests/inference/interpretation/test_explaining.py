"""A hum or a click that is put in lights up where it was put."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.features.stft import Stft, magnitude
from speechgan.inference.interpretation.explaining import Explainer, Explanation, spread
from speechgan.models.discriminators.spectrogram import TwoHeadedDiscriminator
from speechgan.utils.errors import SpeechganError

RATE = 16000
# Bins and frames from one patch to the next, of two layers.
PATCH = 4
Recordings = dict[str, tuple[np.ndarray, np.ndarray]]
Spoil = Callable[[Tensor, int], Tensor]


def hum(sound: Tensor, place: int) -> Tensor:
    """At one bin of `(batch, 1, frequency, frame)`, with the skirts that a window gives it."""
    louder = sound.clone()
    louder[:, :, place - 1 : place + 2] += torch.tensor([0.5, 1.0, 0.5])[:, None]
    return louder


def click(sound: Tensor, place: int) -> Tensor:
    """In two frames of `(batch, 1, frequency, frame)`."""
    louder = sound.clone()
    louder[..., place : place + 2] += 0.7
    return louder


def signal(sizes: Tensor) -> Signal:
    return Signal(sizes.new_zeros(len(sizes), 0), torch.cat([sizes, torch.zeros_like(sizes)], 1))


@pytest.fixture(scope="module")
def speech(recordings: Recordings) -> Tensor:
    """Magnitudes of two seconds of each of the clean recordings."""
    waves = np.stack([clean[: 2 * RATE] for _, clean in recordings.values()])
    waves *= 0.05 / np.sqrt(np.mean(waves**2, axis=1, keepdims=True))
    return magnitude(Stft()(torch.from_numpy(waves)))


def train(speech: Tensor, spoil: Spoil, places: int) -> Explainer:
    """An explainer of a discriminator that tells clean speech from spoilt, wherever it is."""
    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    network = TwoHeadedDiscriminator(widths=(8, 16), scale="decibels", spectral=False)
    optimizer = torch.optim.Adam(network.parameters(), 5e-3)
    for _ in range(60):
        spoilt = spoil(speech, int(chance.integers(2, places - 2)))
        real = network(signal(speech), signal(speech))
        fake = network(signal(speech), signal(spoilt))
        loss = sum((1 - real[h]).relu().mean() + (1 + fake[h]).relu().mean() for h in real)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return Explainer(network.eval(), Stft(), RATE)


@pytest.fixture(scope="module")
def hears_hum(speech: Tensor) -> Explainer:
    return train(speech, hum, speech.shape[2])


@pytest.fixture(scope="module")
def hears_clicks(speech: Tensor) -> Explainer:
    return train(speech, click, speech.shape[3])


def explain(explainer: Explainer, speech: Tensor, spoil: Spoil, place: int) -> list[Explanation]:
    return explainer.explain(speech[0, 0].numpy(), spoil(speech[:1], place)[0, 0].numpy())


@pytest.mark.parametrize("place", [40, 90, 150])
def test_a_hum_lights_up_at_its_bin(hears_hum: Explainer, speech: Tensor, place: int) -> None:
    for found in explain(hears_hum, speech, hum, place):
        assert found.enhanced < found.noisy
        assert abs(int(found.saliency.mean(1).argmax()) - place) <= PATCH
        assert abs(int(found.attribution.mean(1).argmin()) - place) <= 1
        assert abs(int(found.patches.mean(1).argmin()) - place) <= 2 * PATCH


@pytest.mark.parametrize("place", [40, 90])
def test_a_click_lights_up_in_its_frame(
    hears_clicks: Explainer, speech: Tensor, place: int
) -> None:
    for found in explain(hears_clicks, speech, click, place):
        assert found.enhanced < found.noisy
        assert int(found.attribution.mean(0).argmin()) - place in (0, 1)
        assert abs(int(found.patches.mean(0).argmin()) - place) <= 2 * PATCH


def test_attributions_add_up_to_the_difference_of_scores(
    hears_hum: Explainer, speech: Tensor
) -> None:
    """Completeness, the axiom of the paper."""
    for found in explain(hears_hum, speech, hum, 40):
        difference = found.enhanced - found.noisy
        assert found.attribution.sum() == pytest.approx(difference, rel=0.03)


def test_what_has_not_changed_has_no_share(hears_hum: Explainer, speech: Tensor) -> None:
    for found in explain(hears_hum, speech, hum, 40):
        assert np.abs(np.delete(found.attribution, [39, 40, 41], 0)).max() == 0
    same = speech[0, 0].numpy()
    for found in hears_hum.explain(same, same):
        assert found.noisy == found.enhanced and np.abs(found.attribution).max() == 0


def test_scores_are_those_of_the_discriminator(
    hears_hum: Explainer, recordings: Recordings
) -> None:
    """Of waves at the level of its training, phases and all."""
    noisy, clean = (wave[: 2 * RATE] for wave in recordings["p228_wind"])
    waves = torch.from_numpy(np.stack([noisy, clean]))
    waves = waves * 10 ** (-26 / 20) / waves[0].square().mean().sqrt()
    one, other = (Signal(wave[None], Stft()(wave[None])) for wave in waves)
    with torch.no_grad():
        expected = hears_hum.discriminator(one, other)
    looks = hears_hum.look(noisy * 0.1, clean * 0.1)
    for found in hears_hum.explain(*looks):
        assert found.enhanced == pytest.approx(float(expected[found.head].mean()), abs=1e-3)
        assert found.patches.shape == found.saliency.shape == looks[0].shape == (257, 126)


def test_a_patch_stands_over_what_it_judges() -> None:
    wide = spread(np.arange(6.0).reshape(3, 2), (13, 11))
    assert wide.shape == (13, 11)
    assert (wide[4:8, :4] == 2).all() and (wide[12] == [4] * 4 + [5] * 7).all()


@pytest.mark.parametrize(
    ("noisy", "enhanced", "text"),
    [
        (RATE, RATE - 1, "16000 noisy and 15999 enhanced samples: must be as many"),
        (RATE // 4, RATE // 4, "0.2 s: must be 0.5 to 30 s"),
        (31 * RATE, 31 * RATE, "31.0 s: must be 0.5 to 30 s"),
    ],
)
def test_recordings_that_cannot_be_explained(
    hears_hum: Explainer, noisy: int, enhanced: int, text: str
) -> None:
    with pytest.raises(SpeechganError, match=text):
        hears_hum.look(np.ones(noisy, np.float32), np.ones(enhanced, np.float32))


def test_a_recording_that_fills_no_patch_is_refused() -> None:
    network = TwoHeadedDiscriminator(widths=(4,) * 7).eval()
    explainer = Explainer(network, Stft(), RATE)
    waves = np.random.default_rng(0).normal(0, 0.1, (2, 3 * RATE))
    with pytest.raises(SpeechganError, match=r"1\.5 s: this discriminator needs 2\.0 s or more"):
        explainer.look(*waves[:, : 3 * RATE // 2])
    assert len(explainer.explain(*explainer.look(*waves[:, : 2 * RATE + 512]))) == 2
