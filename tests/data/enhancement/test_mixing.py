from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
import torch

from speechgan.data.cache import WaveStore
from speechgan.data.enhancement.codecs import CODECS, narrow
from speechgan.data.enhancement.degradation import Degradation
from speechgan.data.enhancement.mixing import (
    Mixtures,
    coloured_noise,
    convolve,
    noise_gain,
)
from speechgan.data.enhancement.perturbation import change_formants
from speechgan.data.enhancement.rooms import room_responses
from speechgan.data.manifest import scan

PLAIN = Degradation(
    snr_db=(5.0, 5.0),
    level_dbfs=(-20.0, -20.0),
    speed=(1.0, 1.0),
    formant=0,
    second_noise=0,
    noise_speed=(1.0, 1.0),
    noise_reversed=0,
    noise_equalise=0,
    babble=0,
    coloured=0,
    gap=0,
    speechless=0,
    noiseless=0,
    room=0,
    band_limit=0,
    equalise=0,
    clip=0,
    codec=0,
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory, recordings) -> tuple[WaveStore, WaveStore]:
    root = tmp_path_factory.mktemp("corpus")
    for name, (noisy, clean) in recordings.items():
        for role, wave in (("speech", clean), ("noise", noisy - clean)):
            path = root / role / name.split("_")[0] / f"{name}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, wave, 16000)
    rows = scan(root)
    return tuple(
        WaveStore([r for r in rows if r.role == role], root, 16000, root / "cache")
        for role in ("speech", "noise")
    )


def mix(stores, degradation, rooms=None, **options) -> Mixtures:
    rooms = np.zeros((0, 1), np.float32) if rooms is None else rooms
    settings = {"batch_size": 6, "seconds": 1.0, "seed": 3} | options
    return Mixtures(*stores, rooms, degradation, **settings)


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation, whatever the levels."""
    return float(np.corrcoef(a, b)[0, 1])


def test_store_holds_the_recordings_resampled(tmp_path, recordings):
    wave = recordings["kerstin_wind"][1]
    (tmp_path / "speech").mkdir()
    soundfile.write(tmp_path / "speech/a.wav", np.stack([wave, wave], 1), 16000)
    store = WaveStore(scan(tmp_path), tmp_path, 8000, tmp_path / "cache")
    expected = scipy.signal.resample_poly(wave, 1, 2)
    assert len(store[0]) == len(expected)
    assert np.abs(store[0] - expected)[500:-500].max() < 0.02
    np.testing.assert_array_equal(store.crop(0, 100, 50), store[0][100:150])


def test_a_changed_recording_is_decoded_anew(tmp_path):
    path = tmp_path / "speech" / "a.wav"
    path.parent.mkdir()
    soundfile.write(path, np.full(1000, 0.5), 16000)
    first = WaveStore(scan(tmp_path), tmp_path, 16000, tmp_path / "cache")[0]
    soundfile.write(path, np.full(2000, 0.25), 16000)
    second = WaveStore(scan(tmp_path), tmp_path, 16000, tmp_path / "cache")[0]
    assert (len(first), len(second)) == (1000, 2000)
    assert second[0] == pytest.approx(0.25, abs=1e-3)


def test_a_batch_is_the_same_whenever_asked_for_and_others_differ(stores):
    degradation = Degradation()
    first, second = mix(stores, degradation)[7], mix(stores, degradation)[7]
    assert (first.noisy == second.noisy).all() and (first.clean == second.clean).all()
    assert not np.allclose(first.noisy, mix(stores, degradation)[8].noisy)
    assert not np.allclose(first.noisy, mix(stores, degradation, seed=4)[7].noisy)


def test_ratio_and_level_are_as_asked(stores):
    batch = mix(stores, PLAIN)[0]
    noise = (batch.noisy - batch.clean).numpy()
    clean = batch.clean.numpy()
    sounding = np.abs(clean) > 1e-3 * np.abs(clean).max(1, keepdims=True)
    for n, c, s in zip(noise, clean, sounding, strict=True):
        assert 10 * np.log10((c[s] ** 2).mean() / (n**2).mean()) == pytest.approx(5, abs=0.1)
    np.testing.assert_allclose(batch.noisy.abs().max(1).values, 0.1, rtol=1e-4)


def noise_of(stores, **settings) -> np.ndarray:
    """The noise of some batches, `(item, sample)`; the same recordings from the same places."""
    mixtures = mix(stores, replace(PLAIN, **settings))
    return np.concatenate([(b.noisy - b.clean).numpy() for b in (mixtures[n] for n in range(4))])


def centre_of(wave: np.ndarray) -> float:
    """Centre of gravity of a spectrum, in Hz."""
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float((np.fft.rfftfreq(len(wave), 1 / 16000) * power).sum() / power.sum())


def test_noise_runs_faster_and_its_pitch_rises(stores):
    plain, fast = noise_of(stores), noise_of(stores, noise_speed=(1.4, 1.4))
    assert np.mean([centre_of(w) for w in fast]) > 1.2 * np.mean([centre_of(w) for w in plain])


def test_noise_runs_backwards_in_so_many_items(stores):
    plain, turned = noise_of(stores), noise_of(stores, noise_reversed=1.0)
    assert likeness(turned[0], plain[0][::-1]) > 0.999
    assert abs(likeness(turned[0], plain[0])) < 0.5


def test_noise_gets_a_spectrum_of_its_own_and_speech_does_not(stores):
    shaped = mix(stores, replace(PLAIN, noise_equalise=1.0))[0]
    plain = mix(stores, PLAIN)[0]
    speech = [likeness(a, b) for a, b in zip(shaped.clean, plain.clean, strict=True)]
    assert speech[0] > 0.999
    noise = likeness((shaped.noisy - shaped.clean)[0], (plain.noisy - plain.clean)[0])
    assert noise < 0.99


def test_ranges_are_filled(stores):
    wide = replace(PLAIN, snr_db=(-5.0, 20.0), level_dbfs=(-45.0, 0.0))
    batches = [mix(stores, wide)[n] for n in range(20)]
    peaks = np.concatenate([b.noisy.abs().max(1).values for b in batches])
    levels = 20 * np.log10(peaks)
    assert -45.1 < levels.min() < -40 and -5 < levels.max() < 0.1


def test_clipping_flattens_the_noisy_side_only(stores):
    batch = mix(stores, replace(PLAIN, clip=1.0))[0]
    at_limit = (batch.noisy.abs() == batch.noisy.abs().max(1, keepdim=True).values).sum(1)
    assert (at_limit >= 2).all() and at_limit.max() > 50
    assert (batch.clean.abs() == batch.clean.abs().max(1, keepdim=True).values).sum(1).max() <= 2


def test_clipping_is_from_a_tenth_to_nine_tenths_of_the_peak(stores):
    shares = []
    for number in range(20):
        plain = mix(stores, PLAIN)[number].noisy
        clipped = mix(stores, replace(PLAIN, clip=1.0))[number].noisy
        limit = clipped.abs().amax(1, keepdim=True)
        torch.testing.assert_close(clipped, plain.clamp(-limit, limit))
        shares += (limit / plain.abs().amax(1, keepdim=True)).flatten().tolist()
    assert 0.0999 < min(shares) < 0.15 and 0.7 < max(shares) < 0.9001


def test_formants_of_both_sides_are_changed_by_the_factor(stores):
    plain = mix(stores, PLAIN)[0].clean.numpy()[0]
    batch = mix(stores, replace(PLAIN, formant=1.0, formants=(1.2, 1.2)))[0]
    changed, noisy = batch.clean.numpy()[0], batch.noisy.numpy()[0]
    assert likeness(changed, change_formants(plain, 1.2)) > 0.9999 > likeness(changed, plain)
    # 5 dB of noise leave this much of the likeness to what was spoken.
    assert likeness(noisy, changed) > likeness(noisy, plain) + 0.01


def test_factors_on_formants_fill_their_range(stores):
    drawn, plain = (
        mix(stores, replace(PLAIN, formant=1.0, formants=(0.8, 1.25))),
        mix(stores, PLAIN),
    )
    candidates = np.geomspace(0.8, 1.25, 9)
    found = []
    for number in range(12):
        before, after = (m[number].clean.numpy()[0] for m in (plain, drawn))
        likenesses = [likeness(after, change_formants(before, f)) for f in candidates]
        found.append(candidates[np.argmax(likenesses)])
    assert min(found) < 0.95 and max(found) > 1.05


def test_without_speech_the_clean_side_is_silent_and_the_noise_is_at_its_level(stores):
    plain, batch = (mix(stores, replace(PLAIN, speechless=x))[0] for x in (0.0, 1.0))
    assert (batch.clean == 0).all()
    torch.testing.assert_close(batch.noisy.abs().amax(1), torch.full((6,), 0.1))
    for noisy, noise in zip(batch.noisy, plain.noisy - plain.clean, strict=True):
        assert likeness(noisy.numpy(), noise.numpy()) > 0.9999


def test_without_noise_40_db_are_left(stores):
    batch = mix(stores, replace(PLAIN, noiseless=1.0))[0]
    noise, clean = (batch.noisy - batch.clean).numpy(), batch.clean.numpy()
    sounding = np.abs(clean) > 1e-3 * np.abs(clean).max(1, keepdims=True)
    for n, c, s in zip(noise, clean, sounding, strict=True):
        assert 10 * np.log10((c[s] ** 2).mean() / (n**2).mean()) == pytest.approx(40, abs=0.1)


@pytest.mark.parametrize("chance", ["speechless", "noiseless", "clip", "codec"])
def test_a_chance_is_that_of_an_item(stores, chance):
    """One in three of 120 items: between 20 and 60, which chance misses once in 10 000."""
    found = 0
    for number in range(20):
        plain = mix(stores, PLAIN)[number]
        batch = mix(stores, replace(PLAIN, **{chance: 1 / 3}))[number]
        found += ((batch.noisy - plain.noisy).abs().amax(1) > 1e-4).sum().item()
    assert 20 < found < 60


def test_a_codec_is_heard_on_the_noisy_side_and_its_band_on_both(stores):
    sent, plain = mix(stores, replace(PLAIN, codec=1.0)), mix(stores, PLAIN)
    telephones = 0
    for number in range(4):
        before, after = plain[number], sent[number]
        for item in range(6):
            noisy, clean = after.noisy[item].numpy(), after.clean[item].numpy()
            noisy_before, clean_before = before.noisy[item].numpy(), before.clean[item].numpy()
            telephone = np.allclose(clean, narrow(clean_before, 16000, "gsm"), atol=1e-6)
            telephones += telephone
            assert telephone or np.array_equal(clean, clean_before)
            band = narrow(noisy_before, 16000, "gsm") if telephone else noisy_before
            assert 1e-5 < np.var(noisy - band) / np.var(band) < 0.3
    share = sum(rate is not None for _, _, rate in CODECS.values()) / len(CODECS)
    assert telephones / 24 == pytest.approx(share, abs=0.3)


def test_band_limit_takes_the_top_from_both_sides(stores):
    batch = mix(stores, replace(PLAIN, band_limit=1.0))[0]
    for side in (batch.noisy, batch.clean):
        power = np.abs(np.fft.rfft(side.numpy())) ** 2
        assert (power[:, -100:].mean(1) < 1e-3 * power.mean(1)).all()


def test_gap_is_silent_in_the_clean_side(stores):
    clean = mix(stores, replace(PLAIN, gap=1.0))[0].clean.numpy()
    silent = (clean[:, :800] == 0).all(1) | (clean[:, -800:] == 0).all(1)
    assert silent.all()


def test_reverberant_speech_keeps_its_early_part_as_the_clean_side(stores):
    response = np.zeros((1, 4000), np.float32)
    response[0, [0, 400, 3000]] = 1.0, 0.5, 0.7  # 25 ms is early, 187 ms is not
    dry = mix(stores, PLAIN)[0].clean.numpy()
    batch = mix(stores, replace(PLAIN, room=1.0), response)[0].clean.numpy()
    expected = scipy.signal.lfilter([1.0] + [0] * 399 + [0.5], [1], dry)
    for found, wanted in zip(batch, expected, strict=True):
        assert np.corrcoef(found, wanted)[0, 1] > 0.9999


def test_rooms_start_with_the_direct_sound_and_decay(tmp_path):
    bank = room_responses(3, 16000, 0, (0.3, 0.3), tmp_path)
    assert bank.shape == (3, 4800)
    assert (bank[:, 0] == 1).all()
    energy = bank.astype(float) ** 2
    assert (energy[:, 2400:].sum(1) < 0.1 * energy[:, :2400].sum(1)).all()
    np.testing.assert_array_equal(bank, room_responses(3, 16000, 0, (0.3, 0.3), tmp_path))


def test_coloured_noise_falls_by_its_slope():
    wave = coloured_noise(np.random.default_rng(0), 200_000, 1.0)
    frequency, power = scipy.signal.welch(wave, nperseg=1024)
    middle = (frequency > 0.02) & (frequency < 0.4)
    slope = np.polyfit(np.log10(frequency[middle]), np.log10(power[middle]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.1)


def test_convolution_is_scipys(recordings):
    wave = recordings["p228_wind"][1][None, :5000]
    response = np.random.default_rng(0).standard_normal((1, 700))
    expected = scipy.signal.fftconvolve(wave[0], response[0])[:5000]
    np.testing.assert_allclose(convolve(wave, response)[0], expected, atol=1e-5)


def test_gain_for_silence_is_finite():
    assert np.isfinite(noise_gain(np.zeros((1, 10)), np.zeros((1, 10)), np.array([[5.0]]))).all()


def test_speakers_can_be_drawn_equally_often(stores):
    from speechgan.data.enhancement.mixing import speaker_chances

    speakers = [r.speaker for r in stores[0].recordings]
    equal = speaker_chances(stores[0], 1.0)
    by_speaker = {s: equal[[x == s for x in speakers]].sum() for s in set(speakers)}
    assert list(by_speaker.values()) == pytest.approx([0.5, 0.5])


def test_folder_that_cannot_be_written_is_named(tmp_path, stores):
    from speechgan.utils.errors import SpeechganError

    blocked = tmp_path / "file"
    blocked.write_text("")
    (tmp_path / "speech").mkdir()
    soundfile.write(tmp_path / "speech/a.wav", np.zeros(100), 16000)
    with pytest.raises(SpeechganError, match=r"file.*data\.cache"):
        WaveStore(scan(tmp_path), Path(tmp_path), 16000, blocked)
