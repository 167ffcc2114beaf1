"""Means and their confidence intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from speechgan.evaluation.enhancement import ENHANCEMENT
from speechgan.evaluation.enhancement_measures import MEASURES
from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.results import Evaluation, Row


def test_means_have_students_confidence_intervals():
    random = np.random.default_rng(0)
    noisy, enhanced = random.normal(1, 0.2, 12), random.normal(2, 0.3, 12)
    rows = [
        Row(Recording(str(i), {}), {"enhanced": {"pesq": e}, "noisy": {"pesq": n}})
        for i, (e, n) in enumerate(zip(enhanced, noisy, strict=True))
    ]
    evaluation = Evaluation(ENHANCEMENT, MEASURES, tuple(rows))
    interval = stats.ttest_1samp(enhanced, 0).confidence_interval(0.95)
    mean = evaluation.mean("enhanced", "pesq")
    assert (mean.value - mean.half_width, mean.value + mean.half_width) == pytest.approx(interval)
    interval = stats.ttest_rel(enhanced, noisy).confidence_interval(0.95)
    mean = evaluation.mean("difference", "pesq")
    assert (mean.value - mean.half_width, mean.value + mean.half_width) == pytest.approx(interval)


def test_one_recording_has_no_interval_and_without_noisy_no_difference():
    row = Row(Recording("a", {}), {"enhanced": {"pesq": 2.0}})
    evaluation = Evaluation(ENHANCEMENT, MEASURES, (row,))
    assert evaluation.sides == ("enhanced",)
    assert evaluation.mean("enhanced", "pesq").value == 2
    assert math.isnan(evaluation.mean("enhanced", "pesq").half_width)
    assert evaluation.mean("difference", "pesq") is None
    assert evaluation.mean("noisy", "pesq") is None
