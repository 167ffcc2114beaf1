"""What the noisy side alone can lose, and that nothing else of a batch depends on it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from speechgan.data.enhancement.damage import (
    Damage,
    clip,
    conceal_clipping,
    draw_height,
    lose_band,
    lose_packets,
)
from speechgan.data.enhancement.degradation import Degradation

RATE, ITEMS, SAMPLES = 16000, 6, 32000
WHOLE = Degradation(
    level_dbfs=(-6.0, -6.0),
    **dict.fromkeys(("band_limit", "equalise", "clip", "codec"), 0.0),
)
LOSSES = ("band_loss", "codec_loss", "packet_loss", "clip_loss")


@pytest.fixture(scope="module")
def speech(recordings) -> np.ndarray:
    wave = np.concatenate([clean for _, clean in recordings.values()])
    return np.resize(wave, (ITEMS, SAMPLES)).astype(np.float32)


def damage(speech: np.ndarray, settings: Degradation, seed: int = 0) -> tuple[np.ndarray, ...]:
    return Damage(settings, RATE)(np.random.default_rng(seed), speech, speech)


def above(wave: np.ndarray, frequency: float) -> np.ndarray:
    """Energies `(item,)` above a frequency."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    return power[..., np.fft.rfftfreq(SAMPLES, 1 / RATE) > frequency].sum(-1)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_the_noisy_sides_alone_and_the_same_each_time(speech, loss):
    _, whole = damage(speech, WHOLE)
    lossy = replace(WHOLE, **{loss: 1.0})
    noisy, clean = damage(speech, lossy)
    np.testing.assert_array_equal(clean, whole)
    assert (np.abs(noisy - clean).max(1) > 1e-3).all() and noisy.shape == clean.shape
    np.testing.assert_array_equal(noisy, damage(speech, lossy)[0])
    assert (noisy != damage(speech, lossy, seed=1)[0]).any(1).all()


def test_a_loss_moves_no_choice_that_was_there_before_it(speech):
    """Batches are numbered: those of a known configuration are to stay what they were."""
    older = Degradation(equalise=0.5, band_limit=0.5, clip=0.5, codec=0.5)
    newer = replace(older, **dict.fromkeys(LOSSES, 0.25))
    before, after = damage(speech, older), damage(speech, newer)
    np.testing.assert_array_equal(before[1], after[1])
    untouched = (before[0] == after[0]).all(1)
    assert 0 < untouched.sum() < ITEMS


def test_the_order_of_draws_is_what_it_always_was(speech):
    """A resumed run is to go on with the batches of the run that was stopped."""
    rng = np.random.default_rng(5)
    for columns in (6, 1, 1, 1):  # tilt, cutoff, whether tilted, whether cut
        rng.random((ITEMS, columns))
    peaks = 10 ** (rng.uniform(-45, 0, (ITEMS, 1)) / 20)
    shares = 10 ** rng.uniform(-1, np.log10(0.9), (ITEMS, 1))
    clipped = rng.random((ITEMS, 1)) < 0.5
    settings = replace(WHOLE, level_dbfs=(-45.0, 0.0), clip=0.5)
    noisy, _ = damage(speech, settings, seed=5)
    expected = np.where(clipped, peaks * shares, peaks)
    np.testing.assert_allclose(np.abs(noisy).max(1, keepdims=True), expected, rtol=1e-5)
    assert 0 < clipped.sum() < ITEMS


def test_by_default_nothing_is_lost_on_one_side_alone(speech):
    assert not any(getattr(Degradation(), loss) for loss in LOSSES)
    quiet = replace(Degradation(), clip=0.0, codec=0.0)
    noisy, clean = damage(speech, quiet)
    np.testing.assert_array_equal(noisy, clean)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_chance_is_that_of_an_item(speech, loss):
    """One in three of 120 items: between 20 and 60, which chance misses once in 10 000."""
    found = 0
    for seed in range(20):
        noisy, clean = damage(speech[:, :8000], replace(WHOLE, **{loss: 1 / 3}), seed)
        found += (np.abs(noisy - clean).max(1) > 1e-4).sum()
    assert 20 < found < 60


def test_bands_are_a_telephones_or_end_between_2_and_6_khz():
    """White noise shows where a band begins and ends: where its power falls to a half."""
    noise = np.random.default_rng(0).standard_normal(SAMPLES)
    frequency = np.fft.rfftfreq(SAMPLES, 1 / RATE).reshape(-1)[:16000].reshape(-1, 100).mean(1)
    lows, tops, steepness = [], [], []
    for seed in range(40):
        heard = lose_band(np.random.default_rng(seed), noise, RATE)
        assert heard.shape == noise.shape
        power = np.abs(np.fft.rfft(heard)) ** 2 / np.abs(np.fft.rfft(noise)) ** 2
        gain = power[:16000].reshape(-1, 100).mean(1)
        lows.append(frequency[gain > 0.5].min())
        tops.append(frequency[gain > 0.5].max())
        steepness.append(np.mean((gain > 0.01) & (gain < 0.9)))
        assert gain[frequency > 7900].max() < 0.1
    telephones = np.array(lows) > 200
    assert 10 <= telephones.sum() <= 30
    assert np.allclose(np.array(tops)[telephones], 3300, atol=400)
    others = np.array(tops)[~telephones]
    assert 1800 < others.min() < 3000 and 5000 < others.max() < 6200
    assert max(steepness) > 3 * min(steepness)


def test_a_lost_band_does_not_delay_what_is_left():
    noise = np.random.default_rng(0).standard_normal(SAMPLES)
    for seed in range(10):
        heard = lose_band(np.random.default_rng(seed), noise, RATE)
        likeness = np.fft.irfft(np.fft.rfft(heard) * np.fft.rfft(noise).conj())
        assert likeness.argmax() == 0


def test_gaps_are_zero_last_10_to_120_ms_and_are_so_many_a_second():
    seconds, counts, faded = [], [], 0
    for seed in range(60):
        gain = lose_packets(np.random.default_rng(seed), np.ones(5 * RATE), RATE)
        edges = np.flatnonzero(np.diff(np.concatenate([[0], gain == 0, [0]]).astype(int)))
        lengths = edges[1::2] - edges[::2]
        seconds += (lengths / RATE).tolist()
        counts.append(len(lengths))
        faded += ((gain > 0) & (gain < 1)).any()
    assert 0.008 < min(seconds) < 0.02
    # Those that overlap make a longer one.
    assert 0.115 < np.quantile(seconds, 0.97) < 0.2
    assert min(counts) == 1 and 12 <= max(counts) <= 20
    assert 15 < faded < 60


def test_gaps_are_filled_before_a_network_hears_them():
    tone = 0.1 * np.sin(2 * np.pi * 200 * np.arange(SAMPLES) / RATE)[None]
    harmless = {f.name: 0.0 for f in fields(Degradation) if isinstance(f.default, float)}
    settings = Degradation(**harmless | {"packet_loss": 1.0, "early_seconds": 0.05})
    noisy, clean = Damage(settings, RATE)(np.random.default_rng(0), tone, tone)
    assert np.abs(noisy - clean).max() > 1e-4
    assert np.square(noisy - clean).sum() < 0.05 * np.square(clean).sum()


@pytest.mark.parametrize("seed", range(4))
def test_clipped_peaks_are_made_anew_before_a_network_hears_them(speech, seed):
    share = draw_height(np.random.default_rng(seed), 1)
    clipped = clip(speech[:1], share)[0]
    mended = conceal_clipping(np.random.default_rng(seed), speech[0], RATE)
    assert np.abs(mended).max() > 1.05 * np.abs(clipped).max()
    assert np.square(mended - speech[0]).sum() < 0.8 * np.square(clipped - speech[0]).sum()


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ({"band_loss": 1.5}, "data.degradation.band_loss=1.5: must be from 0 to 1"),
        ({"packet_loss": -0.1}, "data.degradation.packet_loss=-0.1: must be from 0 to 1"),
        ({"clip": float("nan")}, "data.degradation.clip=nan: must be from 0 to 1"),
        ({"snr_db": (20.0, 5.0)}, r"snr_db=\[20.0, 5.0\]: must be a least and a greatest"),
        ({"speed": (1.0,)}, r"speed=\[1.0\]: must be a least and a greatest"),
    ],
)
def test_settings_out_of_their_range_are_named(setting, text):
    with pytest.raises(ValueError, match=text):
        Degradation(**setting)
