import math

import numpy as np
import pytest
import soundfile
import soxr
from scipy import stats

from speechgan.evaluation.evaluation import Evaluation, Row, evaluate
from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.scores import MEASURES, score
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def folders(tmp_path, read_pair):
    """Clean, enhanced and noisy folders; what counts as enhanced has half of the noise."""
    for folder in ("clean", "enhanced", "noisy"):
        (tmp_path / folder).mkdir()
    for name in ("kerstin_wind", "p228_wind"):
        clean, noisy = read_pair(name)
        soundfile.write(tmp_path / "clean" / f"{name}.flac", clean, 16000)
        soundfile.write(tmp_path / "noisy" / f"{name}.flac", noisy, 16000)
        enhanced = tmp_path / "enhanced" / f"{name}.enhanced.wav"
        soundfile.write(enhanced, (clean + noisy) / 2, 16000)
    return tmp_path


def run(folder, **options):
    options = {"workers": 1, "dnsmos": False, **options}
    return evaluate(folder / "clean", folder / "enhanced", folder / "noisy", **options)


def add(folder, name, clean, enhanced, sample_rate=16000):
    soundfile.write(folder / "clean" / f"{name}.wav", clean, 16000)
    soundfile.write(folder / "enhanced" / f"{name}.wav", enhanced, sample_rate)
    soundfile.write(folder / "noisy" / f"{name}.wav", clean, 16000)


def test_rows_hold_the_scores_of_both_sides(folders, read_pair):
    evaluation = run(folders)
    clean, noisy = (wave[None] for wave in read_pair("kerstin_wind"))
    row = evaluation.rows[0]
    assert [row.recording.name for row in evaluation.rows] == ["kerstin_wind", "p228_wind"]
    assert row.noisy == pytest.approx(score(clean, noisy, with_dnsmos=False))
    assert row.enhanced["si_sdr"] > row.noisy["si_sdr"] + 5
    assert row.seconds == pytest.approx(clean.shape[1] / 16000)
    assert evaluation.refused == ()


def test_dnsmos_is_measured_unless_told_otherwise(folders, read_pair):
    clean, noisy = (wave[None] for wave in read_pair("kerstin_wind"))
    assert list(score(clean, noisy)) == [measure.key for measure in MEASURES]
    keys = [measure.key for measure in run(folders).measures]
    assert keys == [measure.key for measure in MEASURES if "dnsmos" not in measure.key]


def test_workers_change_nothing_but_the_time(folders):
    alone, together = run(folders), run(folders, workers=2)
    for one, other in zip(alone.rows, together.rows, strict=True):
        assert one.recording == other.recording
        assert one.enhanced == pytest.approx(other.enhanced, rel=1e-9)


def test_means_have_students_confidence_intervals():
    random = np.random.default_rng(0)
    noisy, enhanced = random.normal(1, 0.2, 12), random.normal(2, 0.3, 12)
    rows = [
        Row(Recording(str(i), "c", "e", "n"), 1.0, {"pesq": e}, {"pesq": n})
        for i, (e, n) in enumerate(zip(enhanced, noisy, strict=True))
    ]
    evaluation = Evaluation(tuple(rows))
    interval = stats.ttest_1samp(enhanced, 0).confidence_interval(0.95)
    mean = evaluation.mean("enhanced", "pesq")
    assert (mean.value - mean.half_width, mean.value + mean.half_width) == pytest.approx(interval)
    interval = stats.ttest_rel(enhanced, noisy).confidence_interval(0.95)
    mean = evaluation.mean("difference", "pesq")
    assert (mean.value - mean.half_width, mean.value + mean.half_width) == pytest.approx(interval)


def test_one_recording_has_no_interval_and_without_noisy_no_difference():
    evaluation = Evaluation((Row(Recording("a", "c", "e"), 1.0, {"pesq": 2.0}),))
    assert evaluation.sides == ("enhanced",)
    assert evaluation.mean("enhanced", "pesq").value == 2
    assert math.isnan(evaluation.mean("enhanced", "pesq").half_width)
    with pytest.raises(ValueError, match="no noisy folder"):
        evaluation.mean("difference", "pesq")


def test_what_cannot_be_measured_is_reported_and_left_out(folders, read_pair):
    clean, noisy = read_pair("p228_coffee")
    expected = run(folders).mean("enhanced", "pesq")
    add(folders, "silent", 0 * clean, noisy)
    add(folders, "mute", clean, 0 * noisy)
    add(folders, "long", clean, np.r_[noisy, np.zeros(1600)])
    add(folders, "stereo", clean, np.stack([noisy, noisy], axis=1))
    add(folders, "broken", clean, noisy)
    (folders / "enhanced" / "broken.wav").write_text("this is text")
    evaluation = run(folders)
    reasons = {refusal.name: refusal.reason for refusal in evaluation.refused}
    assert "the clean wave is digital silence" in reasons["silent"]
    assert "mute.wav: PESQ finds no speech" in reasons["mute"]
    assert "0.10 s longer" in reasons["long"]
    assert "has 2 channels" in reasons["stereo"]
    assert "not audio" in reasons["broken"]
    assert len(reasons) == 5
    assert evaluation.mean("enhanced", "pesq") == expected


def test_nothing_measurable_is_an_error(tmp_path):
    for folder in ("clean", "enhanced", "noisy"):
        (tmp_path / folder).mkdir()
    add(tmp_path, "silent", np.zeros(16000), np.zeros(16000))
    with pytest.raises(SpeechganError, match=r"none of the 1 recordings.*silent.*digital silence"):
        run(tmp_path)


def test_small_differences_of_length_are_cut(folders, read_pair):
    clean, noisy = read_pair("p228_coffee")
    add(folders, "a_bit_long", clean, np.r_[noisy, np.zeros(700)])
    evaluation = run(folders)
    expected = score(clean[None], noisy[None], with_dnsmos=False)["pesq"]
    assert evaluation.rows[0].enhanced["pesq"] == pytest.approx(expected, abs=1e-3)


def test_other_rates_are_resampled(folders, read_pair):
    clean, noisy = read_pair("p228_coffee")
    add(folders, "a_fine_one", clean, soxr.resample(noisy, 16000, 48000), 48000)
    scores = run(folders).rows[0].enhanced
    expected = score(clean[None], noisy[None], with_dnsmos=False)
    assert scores["pesq"] == pytest.approx(expected["pesq"], abs=0.02)
    assert scores["si_sdr"] == pytest.approx(expected["si_sdr"], abs=0.05)


def test_channels_are_averaged(read_pair):
    clean, noisy = read_pair("p228_coffee")
    milder = (clean + noisy) / 2
    left, right, both = (
        score(np.stack([clean] * len(waves)), np.stack(waves), with_dnsmos=False)
        for waves in ([noisy], [milder], [noisy, milder])
    )
    for key in left:
        assert both[key] == pytest.approx((left[key] + right[key]) / 2)
