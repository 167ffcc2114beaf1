"""A small training, killed at random moments and resumed, against one that nobody disturbs.

    python benchmarks/kill.py [--kills 50] [--steps 100] [--seed 0]

Weights, optimisers, random states, labels that are pending, logs and the released model must be the
same to the bit. Exit code 1 if anything differs or is left unfinished.
"""

import argparse
import functools
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "training" / "kill"))
import trainings


def main() -> int:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description="Kill a training and resume it.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    arguments = parser.parse_args()
    tell = functools.partial(print, flush=True)
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        outcome = trainings.kill_and_compare(
            Path(folder), arguments.kills, arguments.steps, arguments.seed, tell=tell
        )
    for fault in outcome.faults:
        print(f"fault: {fault}")
    writing = sum(bool(kill.writing) for kill in outcome.kills)
    print(
        f"{len(outcome.kills)} kills, {writing} while a file was written, in a training of "
        f"{outcome.seconds:.1f} s: {len(outcome.faults)} faults"
    )
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
