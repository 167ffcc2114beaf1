"""The judge of generated digits, and what its features measure."""

from pathlib import Path

import numpy as np
import pytest

from speechgan.data.digits.labels import Labels, find_utterances
from speechgan.data.digits.module import ImageSet, analyse_utterances
from speechgan.features.clip import MelClip
from speechgan.metrics.digits import (
    DIGITS,
    SPEAKERS,
    Verdict,
    coverage,
    detail,
    frechet_distance,
    frechet_joint_distance,
    variety,
)


@pytest.fixture(scope="module")
def real(digits_folder: Path) -> ImageSet:
    found = find_utterances(digits_folder / "test")
    return analyse_utterances(found, MelClip(), Labels(DIGITS, SPEAKERS))


def test_the_judge_knows_recordings_that_it_was_not_trained_on(real: ImageSet) -> None:
    verdict = Verdict(real.images)
    assert (verdict.digits == real.labels[:, 0]).mean() >= 0.9
    assert (verdict.speakers == real.labels[:, 1]).mean() >= 0.9


def test_the_judge_is_not_taken_in_by_noise_or_a_blur(real: ImageSet) -> None:
    own = Verdict(real.images).features
    rng = np.random.default_rng(0)
    noisy = np.clip(real.images + rng.normal(0, 0.5, real.images.shape), -1, 1)
    blurred = np.stack([real.images.mean(0)] * len(real.images))
    other = real.images[rng.permutation(len(own))]
    distances = [frechet_distance(Verdict(x).features, own) for x in (other, noisy, blurred)]
    assert distances[0] < 1e-6 and min(distances[1:]) > 20


def test_frechet_distance_of_normal_distributions() -> None:
    """Means 3 apart and deviations 1 and 2 in one direction: 9 + 1; a dead feature adds nothing."""
    rng = np.random.default_rng(0)
    one, other = (np.zeros((100_000, 3)) for _ in range(2))
    one[:, 0], other[:, 0] = rng.normal(0, 1, 100_000), rng.normal(3, 2, 100_000)
    one[:, 1], other[:, 1] = rng.normal(size=(2, 100_000))
    assert frechet_distance(one, other) == pytest.approx(10, abs=0.2)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-6)


def test_variety_is_inside_a_label() -> None:
    features = np.array([[0.0], [2.0], [100.0], [104.0], [7.0]])
    assert variety(features, np.array([0, 0, 1, 1, 2])) == 3.0


def test_coverage_falls_with_modes_that_are_missing() -> None:
    rng = np.random.default_rng(0)
    modes = rng.normal(size=(10, 4)) * 50
    real = np.concatenate([m + rng.normal(size=(20, 4)) for m in modes])
    all_modes = np.concatenate([m + rng.normal(size=(40, 4)) for m in modes])
    assert coverage(all_modes, real) > 0.9
    assert coverage(all_modes[:160], real) == pytest.approx(0.4, abs=0.05)


def test_a_blurred_image_has_less_detail(real: ImageSet) -> None:
    blurred = (real.images + np.roll(real.images, 1, 2)) / 2
    assert detail(blurred) < 0.9 * detail(real.images)


def test_images_that_are_not_what_was_asked_for_are_far_in_features_and_labels() -> None:
    rng = np.random.default_rng(0)
    labels = np.stack([np.arange(400) % 4, np.arange(400) % 3], 1)
    features = rng.standard_normal((400, 6)) + np.eye(6)[labels[:, 0]] * 5
    again = rng.standard_normal((400, 6)) + np.eye(6)[labels[:, 0]] * 5
    mistaken = labels + np.array([1, 0])
    mistaken[:, 0] %= 4
    right, wrong = (
        frechet_joint_distance((again, asked), (features, labels)) for asked in (labels, mistaken)
    )
    assert frechet_distance(again, features) < 0.5 and right < 0.5
    assert wrong > 20 * right
