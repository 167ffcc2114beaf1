"""The mark of converted speech: found in what carries it whatever was done to it, else not."""

import io
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan import audio
from speechgan.audio.watermark import Embedder, detect, embed
from speechgan.audio.watermark.detection import THRESHOLD
from speechgan.audio.watermark.pattern import BANDS, CELLS, make_pattern

CLEAN = Path(__file__).parents[2] / "examples" / "clean"


@pytest.fixture(scope="module")
def speech() -> tuple[np.ndarray, int]:
    """Some recordings of the examples in a row, and their rate."""
    waves = [audio.read(path) for path in sorted(CLEAN.iterdir())]
    rate = waves[0][1]
    row = np.concatenate([w.mean(axis=0) for w, r in waves if r == rate])
    return np.tile(row, 3)[: 20 * rate], rate


@pytest.fixture(scope="module")
def marked(speech: tuple[np.ndarray, int]) -> np.ndarray:
    return embed(*speech)


def code_mp3(wave: np.ndarray, rate: int) -> np.ndarray:
    file = io.BytesIO()
    level = 0.6 if rate < 32000 else 0.88  # 64 kbit/s
    soundfile.write(
        file, wave, rate, format="MP3", bitrate_mode="CONSTANT", compression_level=level
    )
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32")[0])


def add_noise(wave: np.ndarray, rate: int) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(wave))
    return wave + noise * np.sqrt(np.mean(wave**2) / 100)


def narrow(wave: np.ndarray, rate: int) -> np.ndarray:
    return np.asarray(audio.resample(audio.resample(wave[None], rate, 8000), 8000, rate)[0])


def cut(wave: np.ndarray, rate: int) -> np.ndarray:
    start = int(3.217 * rate)
    return wave[start : start + 6 * rate]


@pytest.mark.parametrize("damage", [lambda wave, rate: wave, code_mp3, add_noise, narrow, cut])
def test_it_is_found_after_damage_and_only_where_it_is(
    damage: Callable[[np.ndarray, int], np.ndarray],
    speech: tuple[np.ndarray, int],
    marked: np.ndarray,
) -> None:
    wave, rate = speech
    assert detect(damage(marked, rate), rate).marked is True
    assert detect(damage(wave, rate), rate).marked is False


def test_after_all_damages_together(speech: tuple[np.ndarray, int], marked: np.ndarray) -> None:
    rate = speech[1]
    damaged = marked
    for damage in (narrow, add_noise, code_mp3):
        damaged = damage(damaged, rate)
    assert detect(damaged[rate // 3 :], rate).marked is True


def test_another_key_does_not_find_it(speech: tuple[np.ndarray, int], marked: np.ndarray) -> None:
    assert detect(marked, speech[1], "another").marked is False
    assert detect(embed(*speech, "another"), speech[1], "another").marked is True
    agreement = (make_pattern() * make_pattern("another")).mean()
    assert abs(agreement) < 4 / np.sqrt(BANDS * CELLS)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_any_rate_and_several_channels(rate: int, speech: tuple[np.ndarray, int]) -> None:
    mono = audio.resample(speech[0][None], speech[1], rate)[:, : 10 * rate]
    stereo = np.concatenate([mono, -0.3 * mono])
    marked = embed(stereo, rate)
    assert marked.shape == stereo.shape and marked.dtype == np.float32
    np.testing.assert_allclose(marked[1], -0.3 * marked[0], atol=1e-6)
    assert detect(marked, rate).marked is True and detect(stereo, rate).marked is False


def test_a_marked_part_of_a_long_sound_is_found_and_named(
    speech: tuple[np.ndarray, int], marked: np.ndarray
) -> None:
    wave, rate = speech
    long = np.concatenate([wave, marked[: 10 * rate], wave])
    found = detect(long, rate)
    assert found.marked is True and 15 <= found.start <= 25 and found.end == found.start + 10
    assert found.threshold > THRESHOLD


def test_blocks_of_any_length_give_the_same(
    speech: tuple[np.ndarray, int], marked: np.ndarray
) -> None:
    wave, rate = speech
    embedder, places = Embedder(rate, 1), [0, 1, 5, 400, 400, 7001, 50000, len(wave)]
    blocks = [wave[None, a:b] for a, b in itertools.pairwise(places)]
    made = np.concatenate([*(embedder(block) for block in blocks), embedder.flush()], axis=1)
    np.testing.assert_allclose(made[0], marked, atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 50, 128, 1000])
def test_no_sample_is_lost_of_a_short_sound(samples: int) -> None:
    assert embed(np.full(samples, 0.1), 16000).shape == (samples,)


def test_it_is_small_and_lies_where_telephones_hear(
    speech: tuple[np.ndarray, int], marked: np.ndarray
) -> None:
    wave, rate = speech
    change = marked - wave
    assert 14 < 10 * np.log10(np.sum(wave**2) / np.sum(change**2)) < 20
    power = np.abs(np.fft.rfft(change)) ** 2
    hertz = np.fft.rfftfreq(len(change), 1 / rate)
    assert power[(hertz > 250) & (hertz < 3500)].sum() > 0.98 * power.sum()


@pytest.mark.parametrize("rate", [8000, 48000])
def test_what_repeats_with_the_pattern_is_marked_alike_each_time(rate: int) -> None:
    """Frames fall into the same cells in every period, however seconds are rounded."""
    period = rate * 2048 // 1000
    noise = 0.1 * np.random.default_rng(0).standard_normal(period)
    periods = embed(np.tile(noise, 12), rate).reshape(12, period)[1:-1]
    assert np.ptp(periods, axis=0).max() < 1e-6


def test_silence_stays_silence_and_carries_nothing() -> None:
    silence = np.zeros(80000)
    assert not embed(silence, 16000).any()
    found = detect(silence, 16000)
    assert found.marked is False and found.score == 0


def test_a_full_scale_sound_is_not_clipped(speech: tuple[np.ndarray, int]) -> None:
    wave, rate = speech
    loud = np.clip(wave / np.abs(wave).max() * 3, -1, 1)
    marked = embed(loud, rate)
    assert np.abs(marked).max() <= 1
    # Nowhere is it farther from the sound than the mark is.
    free = embed(loud / 2, rate) * 2
    assert np.all(np.abs(marked - loud) <= np.abs(free - loud) + 1e-6)


def test_a_sound_below_three_seconds_is_too_short_to_tell(
    speech: tuple[np.ndarray, int], marked: np.ndarray
) -> None:
    rate = speech[1]
    assert detect(marked[: int(2.9 * rate)], rate).marked is None
    assert detect(marked[: int(3.1 * rate)], rate).marked is not None
    assert detect(marked[:10], rate).marked is None
