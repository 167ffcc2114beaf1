import re

import numpy as np
import pytest
import soundfile
import soxr

from speechgan.evaluation.enhancement import evaluate_enhancement, score
from speechgan.evaluation.enhancement_measures import MEASURES
from speechgan.evaluation.measure import load_measure
from speechgan.evaluation.opinions import DNSMOS
from speechgan.utils.errors import SpeechganError

FAST = [measure for measure in MEASURES if measure not in DNSMOS]


def run(folder, **options):
    options = {"workers": 1, "with_dnsmos": False, **options}
    return evaluate_enhancement(folder / "clean", folder / "enhanced", folder / "noisy", **options)


def add(folder, name, clean, enhanced, sample_rate=16000):
    soundfile.write(folder / "clean" / f"{name}.wav", clean, 16000)
    soundfile.write(folder / "enhanced" / f"{name}.wav", enhanced, sample_rate)
    soundfile.write(folder / "noisy" / f"{name}.wav", clean, 16000)


def test_rows_hold_the_scores_of_both_sides(evaluated, read_pair):
    evaluation = evaluated
    clean, noisy = (wave[None] for wave in read_pair("kerstin_wind"))
    row = evaluation.rows[0]
    assert [row.recording.name for row in evaluation.rows] == ["kerstin_wind", "p228_wind"]
    assert row.scores["noisy"] == pytest.approx(score(clean, noisy, FAST))
    assert row.scores["enhanced"]["si_sdr"] > row.scores["noisy"]["si_sdr"] + 5
    assert row.seconds == pytest.approx(clean.shape[1] / 16000)
    assert evaluation.refused == ()


def test_dnsmos_is_measured_unless_told_otherwise(evaluated, read_pair):
    clean, noisy = (wave[None] for wave in read_pair("kerstin_wind"))
    assert list(score(clean, noisy)) == [measure.key for measure in MEASURES]
    keys = [measure.key for measure in evaluated.measures]
    assert keys == [measure.key for measure in MEASURES if "dnsmos" not in measure.key]


def test_workers_change_nothing_but_the_time(folders, evaluated):
    alone, together = evaluated, run(folders, workers=2)
    for one, other in zip(alone.rows, together.rows, strict=True):
        assert one.recording.name == other.recording.name
        assert one.scores["enhanced"] == pytest.approx(other.scores["enhanced"], rel=1e-9)


def test_what_cannot_be_measured_is_reported_and_left_out(folders, evaluated, read_pair):
    clean, noisy = read_pair("p228_coffee")
    expected = evaluated.mean("enhanced", "pesq")
    add(folders, "silent", 0 * clean, noisy)
    add(folders, "mute", clean, 0 * noisy)
    add(folders, "long", clean, np.r_[noisy, np.zeros(1600)])
    add(folders, "stereo", clean, np.stack([noisy, noisy], axis=1))
    add(folders, "broken", clean, noisy)
    (folders / "enhanced" / "broken.wav").write_text("this is text")
    add(folders, "empty", clean, noisy)
    (folders / "noisy" / "empty.wav").write_bytes(b"")
    add(folders, "cut", clean, noisy)
    (folders / "clean" / "cut.wav").write_bytes((folders / "clean" / "cut.wav").read_bytes()[:40])
    add(folders, "nan", clean, noisy)
    holed = noisy.copy()
    holed[8000] = np.nan
    soundfile.write(folders / "enhanced" / "nan.wav", holed, 16000, "FLOAT")
    evaluation = run(folders)
    reasons = {refusal.name: refusal.reason for refusal in evaluation.refused}
    assert "the clean wave is digital silence" in reasons["silent"]
    assert "mute.wav: PESQ finds no speech" in reasons["mute"]
    assert "0.10 s longer" in reasons["long"]
    assert "has 2 channels" in reasons["stereo"]
    assert "not audio" in reasons["broken"]
    assert "empty.wav: an empty file" in reasons["empty"]
    assert "cut.wav" in reasons["cut"]
    assert "nan.wav: a sample is NaN or infinite at 0.500 s" in reasons["nan"]
    assert len(reasons) == 8
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
    expected = score(clean[None], noisy[None], FAST)["pesq"]
    assert evaluation.rows[0].scores["enhanced"]["pesq"] == pytest.approx(expected, abs=1e-3)


def test_other_rates_are_resampled(folders, read_pair):
    clean, noisy = read_pair("p228_coffee")
    add(folders, "a_fine_one", clean, soxr.resample(noisy, 16000, 48000), 48000)
    scores = run(folders).rows[0].scores["enhanced"]
    expected = score(clean[None], noisy[None], FAST)
    assert scores["pesq"] == pytest.approx(expected["pesq"], abs=0.02)
    assert scores["si_sdr"] == pytest.approx(expected["si_sdr"], abs=0.05)


def test_channels_are_averaged(read_pair):
    clean, noisy = read_pair("p228_coffee")
    milder = (clean + noisy) / 2
    left, right, both = (
        score(np.stack([clean] * len(waves)), np.stack(waves), FAST)
        for waves in ([noisy], [milder], [noisy, milder])
    )
    for key in left:
        assert both[key] == pytest.approx((left[key] + right[key]) / 2)


def test_a_killed_worker_is_named_and_its_recording_tried_once_more(
    folders, tmp_path, monkeypatch, capfd
):
    (tmp_path / "deadly.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    evaluation = run(folders, workers=2, measures=[load_measure("deadly:kill_once")])
    assert len(evaluation.rows) == 2 and evaluation.refused == ()
    assert re.search(
        r"speechgan: (kerstin|p228)_wind: .*process \d+ ended with SIGKILL", capfd.readouterr().err
    )


def test_a_recording_that_kills_twice_is_refused_and_the_others_are_measured(
    folders, tmp_path, monkeypatch
):
    (tmp_path / "deadlier.py").write_text(DEADLY)
    monkeypatch.syspath_prepend(tmp_path)
    evaluation = run(folders, workers=2, measures=[load_measure("deadlier:kill_short_ones")])
    (refusal,) = evaluation.refused
    assert "SIGKILL, twice" in refusal.reason
    assert len(evaluation.rows) == 1


DEADLY = """
import os, signal
from pathlib import Path
from speechgan.evaluation import measure

@measure("k", better="higher")
def kill_once(clean):
    try:
        Path(os.environ["MARK"]).touch(exist_ok=False)
    except FileExistsError:
        return 1.0
    os.kill(os.getpid(), signal.SIGKILL)

@measure("k", better="higher")
def kill_short_ones(clean):
    if len(clean) < 42741:
        os.kill(os.getpid(), signal.SIGKILL)
    return 1.0
"""
