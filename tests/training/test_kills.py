"""A training that is killed at random moments ends as one that nobody disturbs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "kill"))
import trainings


def test_killed_and_resumed_is_bit_identical(tmp_path: Path) -> None:
    outcome = trainings.kill_and_compare(
        tmp_path, kills=8, steps=24, prepare=trainings.label_in_threads
    )
    assert not outcome.faults
    assert len(outcome.kills) == 8
