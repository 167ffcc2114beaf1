"""What is usual for a speaker, and pitch by its statistics."""

import json

import numpy as np
import pytest

from speechgan.features.statistics import SpeakerStatistics
from speechgan.features.voice import Voice


def make_voice(f0: list[float], level: float = 0.0) -> Voice:
    frames = len(f0)
    image = np.arange(4 * frames, dtype=np.float32).reshape(4, frames)
    return Voice(image, np.full(frames, level), np.array(f0, np.float32))


def test_means_are_over_speech_only() -> None:
    image = np.array([[1.0, 3.0, 100.0]], np.float32)
    voice = Voice(image, np.array([0.0, -5.0, -60.0]), np.array([100.0, 0.0, 0.0], np.float32))
    measured = SpeakerStatistics.measure([voice])
    assert measured.mean == pytest.approx([2.0])
    assert measured.deviation == pytest.approx([1.0])


def test_normalising_is_undone() -> None:
    statistics = SpeakerStatistics.measure([make_voice([100, 110, 120, 0])])
    image = np.random.default_rng(0).standard_normal((4, 6))
    normal = statistics.normalise(image)
    assert np.allclose(statistics.denormalise(normal), image)


def test_pitch_takes_on_the_targets_mean_and_spread() -> None:
    """Worked by hand: a third of a deviation above the mean stays a third above it."""
    source = SpeakerStatistics(np.zeros(1), np.ones(1), np.log(100), 0.3)
    target = SpeakerStatistics(np.zeros(1), np.ones(1), np.log(200), 0.15)
    f0 = np.array([0.0, 100.0, 100 * np.exp(0.1)])
    assert source.convert_f0(f0, target) == pytest.approx([0, 200, 200 * np.exp(0.05)])
    assert source.convert_f0(f0, target, 12)[1] == pytest.approx(400)


def test_without_any_pitch_nothing_is_converted() -> None:
    whisper = SpeakerStatistics.measure([make_voice([0, 0, 0])])
    target = SpeakerStatistics(np.zeros(4), np.ones(4), np.log(200), 0.15)
    assert np.isnan(whisper.log_f0_mean)
    assert whisper.convert_f0(np.array([0.0, 90.0]), target) == pytest.approx([0, 90])
    assert target.convert_f0(np.array([0.0, 90.0]), whisper) == pytest.approx([0, 90])


def test_a_monotone_voice_is_not_blown_up() -> None:
    monotone = SpeakerStatistics.measure([make_voice([100, 100, 100.1])])
    target = SpeakerStatistics(np.zeros(4), np.ones(4), np.log(200), 0.3)
    made = monotone.convert_f0(np.array([100.0, 101.0]), target)
    assert made[1] / made[0] < 1.07


def test_leaning_moves_the_image_and_not_the_pitch() -> None:
    own = SpeakerStatistics(np.zeros(1), np.ones(1), 5.0, 0.2)
    others = [SpeakerStatistics(np.full(1, x), np.full(1, 3.0), 4.0, 0.1) for x in (2.0, 4.0)]
    leaning = own.lean(others, 0.5)
    assert (leaning.mean[0], leaning.deviation[0], leaning.log_f0_mean) == (1.5, 2.0, 5.0)


def test_numbers_survive_json() -> None:
    for f0 in ([100, 120, 0], [0, 0, 0]):
        statistics = SpeakerStatistics.measure([make_voice(f0)])
        back = SpeakerStatistics.from_dict(json.loads(json.dumps(statistics.to_dict())))
        assert np.allclose(back.mean, statistics.mean, atol=1e-4)
        assert back.log_f0_mean == pytest.approx(statistics.log_f0_mean, abs=1e-4, nan_ok=True)


def test_other_numbers_are_refused() -> None:
    good = SpeakerStatistics.measure([make_voice([100, 120])]).to_dict()
    with pytest.raises(ValueError, match="positive"):
        SpeakerStatistics.from_dict(good | {"deviation": [0.0] * 4})
    with pytest.raises(KeyError):
        SpeakerStatistics.from_dict({"mean": [1.0], "deviation": [1.0]})


def test_a_sentence_takes_on_the_liveliness_of_sentences() -> None:
    """A low and a high sentence, each as flat as the other: the distance between them is not it."""
    low, high = [100.0, 110.0, 121.0], [200.0, 220.0, 242.0]
    both = SpeakerStatistics.measure([make_voice(low), make_voice(high)])
    assert both.log_f0_deviation == pytest.approx(np.std(np.log(low)))
    assert both.log_f0_mean == pytest.approx(np.log(low + high).mean())
