import numpy as np
import pytest
import scipy.signal

from speechgan.data.enhancement.codecs import CODECS, COMPRESSED, narrow, pass_through_codec

RATE = 16000
TELEPHONE = [name for name, (_, _, rate) in CODECS.items() if rate == 8000]
WIDE = [name for name in CODECS if name not in TELEPHONE]
WITH_LEVELS = [name for name in CODECS if CODECS[name][0] in COMPRESSED]


@pytest.fixture(scope="module")
def speech(recordings) -> np.ndarray:
    return recordings["p228_wind"][1]


def decibels(wave: np.ndarray, reference: np.ndarray) -> float:
    return 10 * np.log10(np.mean(wave**2) / np.mean(reference**2))


def above_4_khz(wave: np.ndarray) -> float:
    """Energy, a few hertz for the slope of a filter left out."""
    power = np.abs(np.fft.rfft(wave.astype(float))) ** 2
    return power[np.fft.rfftfreq(len(wave), 1 / RATE) > 4100].sum()


@pytest.mark.parametrize("codec", CODECS)
def test_what_comes_back_lies_where_it_went_in(codec, speech):
    heard = pass_through_codec(speech, RATE, codec)
    assert heard.shape == speech.shape and heard.dtype == np.float32
    likeness = scipy.signal.correlate(heard, speech)
    assert likeness.argmax() == len(speech) - 1
    assert decibels(heard, speech) == pytest.approx(0, abs=0.5)


@pytest.mark.parametrize("codec", CODECS)
def test_a_codec_harms_beyond_the_loss_of_its_band(codec, speech):
    """By quantisation noise that is heard, and that leaves the speech what it was."""
    band = narrow(speech, RATE, codec)
    assert -40 < decibels(pass_through_codec(speech, RATE, codec) - band, band) < -9


@pytest.mark.parametrize("codec", CODECS)
def test_only_a_telephone_takes_what_lies_above_4_khz(codec, speech):
    for heard in (pass_through_codec(speech, RATE, codec), narrow(speech, RATE, codec)):
        left = above_4_khz(heard) / above_4_khz(speech)
        assert left < 1e-5 if codec in TELEPHONE else 0.7 < left < 1.5


def test_there_are_codecs_of_both_kinds():
    assert {"mu-law", "a-law", "gsm"} <= set(TELEPHONE) and {"opus", "mp3"} <= set(WIDE)


def test_narrowing_keeps_all_below_the_codecs_band(speech):
    spectra = (np.fft.rfft(wave.astype(float)) for wave in (narrow(speech, RATE, "gsm"), speech))
    narrowed, whole = (s[np.fft.rfftfreq(len(speech), 1 / RATE) < 3500] for s in spectra)
    assert np.abs(narrowed - whole).max() < 1e-3 * np.abs(whole).max()


@pytest.mark.parametrize("codec", WIDE)
def test_narrowing_does_nothing_for_a_codec_at_the_recordings_rate(codec, speech):
    np.testing.assert_array_equal(narrow(speech, RATE, codec), speech)


@pytest.mark.parametrize("codec", WITH_LEVELS)
def test_more_compression_is_more_harm_at_both_ends_of_the_scale(codec, speech):
    mild, strong = (pass_through_codec(speech, RATE, codec, level) for level in (0.0, 1.0))
    assert decibels(strong - speech, speech) > decibels(mild - speech, speech) + 5


@pytest.mark.parametrize("codec", CODECS)
def test_other_lengths_and_levels_come_back_as_well(codec, speech):
    """Codecs have frames of their own, which short waves do not fill; loud ones are clipped."""
    assert pass_through_codec(speech[:101], RATE, codec).shape == (101,)
    assert np.abs(pass_through_codec(np.zeros(4001), RATE, codec)).max() < 1e-3
    loud = pass_through_codec(10 * speech / np.abs(speech).max(), RATE, codec)
    assert np.isfinite(loud).all() and 0.9 < np.abs(loud).max() < 1.7


def test_mu_law_is_that_of_the_standard():
    """At the codec's own rate: G.711's 14-bit steps, each on the middle of its interval."""
    wave = np.linspace(-0.98, 0.98, 1001).astype(np.float32)
    heard = pass_through_codec(wave, 8000, "mu-law")
    size = np.round(np.abs(wave) * 8192).astype(int) + 33
    step = 2 ** (np.floor(np.log2(size)).astype(int) - 4)
    expected = np.sign(wave) * ((size // step) * step + step / 2 - 33) / 8192
    assert np.abs(heard - expected).max() <= (step / 8192).max() / 2
    assert np.mean(np.abs(heard - expected) < 1e-6) > 0.97
