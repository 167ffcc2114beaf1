import math
import tracemalloc

import numpy as np
import pesq
import pystoi
import pytest
from scipy.signal import stft

from speechgan.metrics import intrusive as subject
from speechgan.utils.errors import UnmeasurableError


def test_pesq_is_the_packages(pair):
    assert subject.pesq_wb(*pair, 16000) == pesq.pesq(16000, *pair, "wb")


def test_pesq_of_many_utterances_does_not_crash():
    # 60 bursts: the package alone writes beyond its 50 utterances here and kills the process.
    random = np.random.default_rng(0)
    time = np.arange(30 * 16000) / 16000
    clean = 0.1 * random.standard_normal(len(time)) * (time % 0.5 < 0.25)
    noisy = clean + 0.001 * random.standard_normal(len(time))
    halves = [
        pesq.pesq(16000, *half, "wb")
        for half in zip(np.split(clean, 2), np.split(noisy, 2), strict=True)
    ]
    assert subject.pesq_wb(clean, noisy, 16000) == pytest.approx(np.mean(halves))


def test_silent_parts_of_long_waves_are_left_out(coffee):
    clean, noisy = coffee
    silence = np.zeros(40 * 16000 - len(clean))
    whole = subject.pesq_wb(np.r_[clean, silence], np.r_[noisy, silence], 16000)
    speech = slice(0, 20 * 16000)
    alone = pesq.pesq(16000, np.r_[clean, silence][speech], np.r_[noisy, silence][speech], "wb")
    assert whole == alone


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda clean, noisy: (0 * clean, noisy), "the clean wave is digital silence"),
        (lambda clean, noisy: (clean, 0 * noisy), "this wave is digital silence"),
        (lambda clean, noisy: (clean[:3000], noisy[:3000]), "at least 1/4 s"),
        (lambda clean, noisy: (clean, noisy * np.nan), "finite"),
        (lambda clean, noisy: (clean, noisy + np.inf), "finite"),
    ],
)
def test_pesq_refuses_with_a_reason(coffee, change, message):
    with pytest.raises(UnmeasurableError, match=message):
        subject.pesq_wb(*change(*coffee), 16000)


def test_pesq_refuses_a_burst_that_is_too_short_for_speech(coffee):
    _, noisy = coffee
    clean = np.zeros_like(noisy)
    clean[16000:17600] = np.random.default_rng(0).standard_normal(1600)
    with pytest.raises(UnmeasurableError, match="no speech"):
        subject.pesq_wb(clean, noisy, 16000)


def test_pesq_refuses_other_rates(coffee):
    with pytest.raises(ValueError, match="16000 Hz"):
        subject.pesq_wb(*coffee, 48000)


def test_stoi_is_the_packages(pair):
    assert subject.stoi(*pair, 16000) == pytest.approx(pystoi.stoi(*pair, 16000))
    extended = pystoi.stoi(*pair, 16000, extended=True)
    assert subject.estoi(*pair, 16000) == pytest.approx(extended)


@pytest.mark.parametrize("measure", [subject.stoi, subject.estoi])
def test_stoi_refuses_silence_and_snippets(coffee, measure):
    clean, noisy = coffee
    with pytest.raises(UnmeasurableError, match="silence"):
        measure(0 * clean, noisy, 16000)
    with pytest.raises(UnmeasurableError, match=r"0\.4 s"):
        measure(clean[8000:12000], noisy[8000:12000], 16000)


def test_si_sdr_of_orthogonal_noise():
    clean = np.tile([1.0, -1.0, 1.0, -1.0], 100)
    noise = np.tile([1.0, 1.0, -1.0, -1.0], 100)
    assert subject.si_sdr(clean, clean + 0.1 * noise, 16000) == pytest.approx(20)
    assert subject.si_sdr(clean, clean + noise, 16000) == pytest.approx(0, abs=1e-12)


def test_si_sdr_knows_neither_scale_nor_offset(pair):
    clean, noisy = pair
    expected = subject.si_sdr(clean, noisy, 16000)
    assert subject.si_sdr(clean, -0.01 * noisy + 0.3, 16000) == pytest.approx(expected)
    assert subject.si_sdr(7 * clean - 1, noisy, 16000) == pytest.approx(expected)


def test_si_sdr_has_ends(coffee):
    clean, _ = coffee
    assert subject.si_sdr(clean, 0.5 * clean, 16000) == pytest.approx(100)
    assert subject.si_sdr(clean, 0 * clean, 16000) == pytest.approx(-100)
    with pytest.raises(UnmeasurableError, match="constant"):
        subject.si_sdr(0 * clean + 0.1, clean, 16000)


def test_segmental_snr_of_a_wave_at_90_percent(coffee):
    clean, _ = coffee
    clean = clean + 0.01 * np.random.default_rng(0).standard_normal(len(clean))
    assert subject.segmental_snr(clean, 0.9 * clean, 16000) == pytest.approx(20, abs=1e-6)
    assert subject.segmental_snr(clean, clean, 16000) == 35
    assert subject.segmental_snr(clean, -9 * clean, 16000) == -10


def test_log_spectral_distance_of_half_the_level_is_6_db():
    wave = np.random.default_rng(0).standard_normal(16000)
    distance = subject.log_spectral_distance(wave, 0.5 * wave, 16000)
    assert distance == pytest.approx(20 * math.log10(2))
    assert subject.log_spectral_distance(wave, wave, 16000) == 0


def test_log_spectral_distance_equals_scipys_spectra(pair):
    window = np.hanning(512 + 2)[1:-1]
    spectra = [
        np.abs(stft(wave, window=window, nperseg=512, boundary=None, padded=False)[2]) ** 2
        for wave in pair
    ]
    frames = (len(pair[0]) - 512) // 256
    clean, noisy = (spectrum[:, :frames] for spectrum in spectra)
    floor = clean.max() * 1e-8
    difference = 10 * np.log10(np.maximum(clean, floor) / np.maximum(noisy, floor))
    expected = np.sqrt((difference**2).mean(axis=0)).mean()
    assert subject.log_spectral_distance(*pair, 16000) == pytest.approx(expected, rel=1e-6)


def test_log_spectral_distance_above_a_frequency_hears_nothing_below_it():
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(random.standard_normal(16000))
    frequency = np.fft.rfftfreq(16000, 1 / 16000)

    def distance(gain, above):
        waves = (np.fft.irfft(spectrum * g, 16000) for g in (1.0, gain))
        return subject.log_spectral_distance(*waves, 16000, above)

    lower, upper = (np.where(x, 0.5, 1.0) for x in (frequency < 3800, frequency > 3800))
    assert distance(lower, 4000) < 0.3
    assert distance(upper, 4000) == pytest.approx(20 * math.log10(2), abs=0.1)
    assert 2 < distance(lower, 0) < 6


@pytest.mark.parametrize("measure", [subject.segmental_snr, subject.log_spectral_distance])
def test_a_wave_shorter_than_a_frame_is_unmeasurable(measure):
    with pytest.raises(UnmeasurableError, match="too few"):
        measure(np.ones(300), np.ones(300), 16000)


@pytest.mark.parametrize(
    "measure",
    [
        subject.pesq_wb,
        subject.stoi,
        subject.si_sdr,
        subject.segmental_snr,
        subject.log_spectral_distance,
    ],
)
def test_waves_must_have_one_shape(coffee, measure):
    clean, noisy = coffee
    with pytest.raises(ValueError, match="one shape"):
        measure(clean, noisy[:-1], 16000)
    with pytest.raises(ValueError, match="one shape"):
        measure(clean[None], noisy[None], 16000)


def test_si_sdr_of_a_long_wave_needs_little_memory():
    random = np.random.default_rng(0)
    clean = random.standard_normal(2_000_003, dtype=np.float32)
    enhanced = clean + random.standard_normal(len(clean), dtype=np.float32)
    tracemalloc.start()
    found = subject.si_sdr(clean, enhanced, 16000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == pytest.approx(0, abs=0.05)
    assert peak < clean.nbytes
