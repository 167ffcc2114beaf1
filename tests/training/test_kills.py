"""A training that is killed at random moments ends as one that nobody disturbs."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "kill"))
import trainings


def test_killed_and_resumed_is_bit_identical(tmp_path: Path) -> None:
    outcome = trainings.kill_and_compare(
        tmp_path, kills=3, steps=8, prepare=trainings.label_in_threads
    )
    assert not outcome.faults
    assert len(outcome.kills) == 3


@pytest.mark.parametrize(
    "fault",
    [
        trainings.forget_random_states,
        trainings.resume_a_step_early,
        trainings.lose_pending_labels,
    ],
)
def test_it_would_find_what_it_looks_for(tmp_path: Path, fault: trainings.Prepare) -> None:
    outcome = trainings.kill_and_compare(tmp_path, kills=2, steps=6, prepare=fault)
    assert outcome.kills[-1].step > 0
    assert any("differs" in fault for fault in outcome.faults)
