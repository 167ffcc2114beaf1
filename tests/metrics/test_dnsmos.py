import numpy as np
import pytest
from speechmos import dnsmos as published

from speechgan.metrics.dnsmos import dnsmos
from speechgan.utils.errors import UnmeasurableError


def expect(wave):
    scores = published.run(wave.astype(np.float32), 16000)
    return tuple(scores[key] for key in ("sig_mos", "bak_mos", "ovrl_mos"))


def test_short_waves_score_as_in_the_published_program(coffee):
    clean, noisy = coffee
    assert dnsmos(noisy, 16000) == pytest.approx(expect(noisy), abs=1e-4)
    assert dnsmos(clean, 16000).background > dnsmos(noisy, 16000).background + 0.5


def test_long_waves_are_heard_in_windows_as_in_the_published_program(coffee):
    wave = np.concatenate([coffee[0], coffee[1], coffee[1], coffee[0]])[: 11 * 16000 + 5]
    assert dnsmos(wave, 16000) == pytest.approx(expect(wave), abs=1e-4)


def test_what_exceeds_full_scale_is_clipped(coffee):
    loud = 20 * coffee[1]
    assert dnsmos(loud, 16000) == dnsmos(np.clip(loud, -1, 1), 16000)


def test_what_is_no_wave_is_refused():
    with pytest.raises(UnmeasurableError, match="finite"):
        dnsmos(np.full(16000, np.nan), 16000)
    with pytest.raises(UnmeasurableError):
        dnsmos(np.empty(0), 16000)
    with pytest.raises(ValueError, match="16000 Hz"):
        dnsmos(np.zeros(48000), 48000)
