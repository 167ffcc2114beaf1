import librosa
import numpy as np
import pytest
import pyworld
import scipy.signal

from speechgan.data.enhancement.perturbation import change_formants, change_speed, shape_spectrum

RATE = 16000
FORMANTS = [(600, 120), (1600, 150), (2700, 200)]


def vowel(pitch: float, scale: float = 1.0, seconds: float = 1.0) -> np.ndarray:
    """Pulses through resonances at `FORMANTS`, in hertz with their bandwidths, times a factor."""
    wave = np.zeros(round(seconds * RATE))
    wave[:: round(RATE / pitch)] = 1
    for hertz, width in FORMANTS:
        radius = np.exp(-np.pi * width / RATE)
        angle = 2 * np.pi * hertz * scale / RATE
        wave = scipy.signal.lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], wave)
    return 0.5 * wave / np.abs(wave).max()


def resonances(wave: np.ndarray) -> np.ndarray:
    """In hertz, ascending: the poles of linear prediction that are close to the unit circle."""
    middle = wave[2000:14000] * np.hanning(12000)
    poles = np.roots(librosa.lpc(middle, order=12))
    poles = poles[(poles.imag > 0) & (np.abs(poles) > 0.85)]
    return np.sort(np.angle(poles)) * RATE / (2 * np.pi)


@pytest.mark.parametrize("speed", [0.88, 1.0, 1.08])
@pytest.mark.parametrize("hertz", [300.0, 7200.0])
def test_speed_moves_every_frequency_and_weakens_none(speed, hertz):
    wave = np.sin(2 * np.pi * hertz / 16000 * np.arange(16000))
    faster = change_speed(wave, speed)
    assert len(faster) == pytest.approx(16000 / speed, abs=1)
    middle = faster[2000:10192]
    level = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert level.argmax() * 16000 / len(middle) == pytest.approx(hertz * speed, abs=2)
    assert middle.std() == pytest.approx(np.sqrt(0.5), rel=0.02)


@pytest.mark.parametrize("factor", [0.8, 0.88, 1.14, 1.25])
def test_resonances_move_by_the_factor(factor):
    before, after = (resonances(w) for w in (vowel(100), change_formants(vowel(100), factor)))
    assert before == pytest.approx([f for f, _ in FORMANTS], rel=0.01)
    assert after[1:3] == pytest.approx(factor * before[1:3], rel=0.025)
    # The lowest lies within a few harmonics, between which an envelope is not resolved.
    assert 0.4 < np.log(after[0] / before[0]) / np.log(factor) < 1.1


@pytest.mark.parametrize("factor", [0.88, 1.14])
def test_a_changed_vowel_sounds_like_one_of_a_tract_of_that_length(factor):
    def spectrum(wave: np.ndarray) -> np.ndarray:
        """Decibels of the harmonics below 4 kHz."""
        size = np.abs(np.fft.rfft(wave[2000:14000] * np.hanning(12000)))
        return 20 * np.log10(size[75:3000:75])

    changed, wanted, was = (
        spectrum(w) for w in (change_formants(vowel(100), factor), vowel(100, factor), vowel(100))
    )
    found, before = ((s - wanted) - (s - wanted).mean() for s in (changed, was))
    assert found.std() < 0.5 * before.std()


@pytest.mark.parametrize("factor", [0.88, 1.14])
@pytest.mark.parametrize("name", ["kerstin_wind", "p228_coffee"])
def test_pitch_and_length_and_level_of_speech_are_kept(name, factor, recordings):
    wave = recordings[name][1]
    changed = change_formants(wave, factor)
    assert changed.shape == wave.shape and changed.dtype == wave.dtype
    before, after = (pyworld.harvest(w.astype(float), RATE)[0] for w in (wave, changed))
    both = (before > 0) & (after > 0)
    assert both.sum() > 0.8 * (before > 0).sum()
    change = after[both] / before[both]
    assert np.median(change) == pytest.approx(1, abs=1e-3)
    assert np.median(np.abs(change - 1)) < 0.005
    assert 20 * np.log10(changed.std() / wave.std()) == pytest.approx(0, abs=1)


def test_a_factor_of_one_changes_nothing_and_another_does(recordings):
    wave = recordings["kerstin_wind"][1]
    np.testing.assert_allclose(change_formants(wave, 1.0), wave, atol=1e-6)
    assert np.abs(change_formants(wave, 1.1) - wave).std() > 0.1 * wave.std()


def test_formants_of_a_louder_voice_change_alike(recordings):
    wave = recordings["p228_wind"][1]
    loud, soft = (change_formants(gain * wave, 1.1) / gain for gain in (1.0, 0.01))
    np.testing.assert_allclose(soft, loud, atol=1e-3 * np.abs(wave).max())


def test_silence_stays_silence(recordings):
    assert (change_formants(np.zeros(3000), 1.14) == 0).all()
    wave = recordings["p228_wind"][1].copy()
    wave[16000:32000] = 0
    assert np.abs(change_formants(wave, 1.14)[17000:31000]).max() == 0


def test_a_spectrum_takes_the_shape_that_is_asked_for():
    wave = np.random.default_rng(0).standard_normal(50001).astype(np.float32)
    shaped = shape_spectrum(wave, np.array([12.0, 0.0, -12.0]))
    assert shaped.shape == wave.shape and shaped.dtype == wave.dtype
    gain = 20 * np.log10(np.abs(np.fft.rfft(shaped)) / np.abs(np.fft.rfft(wave)))
    # Places lie at 0, a quarter and all of the band.
    for place, decibels in ((10, 12), (6250, 0), (15625, -6), (24990, -12)):
        assert np.median(gain[place - 10 : place + 10]) == pytest.approx(decibels, abs=0.3)
