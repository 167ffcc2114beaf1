"""How much faster a training is in several processes than in one: audio trained in a second.

    python benchmarks/processes.py [--processes 1 2] [--steps N] [--data DIR] [key=value ...]

Each process has one thread, and batches of the same size; so of two processes at best twice as much
is trained. Without --data, on the pairs that ship. Settings are those of `train enhance`, such as
generator=band_crn_tiny. The clock counts, so nothing else should run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
LOG_EVERY = 10


def main() -> None:
    """Trains, and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Compare trainings in one process and in more.")
    add = parser.add_argument
    add("--processes", nargs="+", type=int, default=[1, 2], metavar="N", help="(default: 1 2)")
    add("--steps", type=int, default=60, metavar="N", help="of each training (default: 60)")
    add("--data", type=Path, default=EXAMPLES, metavar="DIR", help="recordings to train on")
    add("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    if arguments.steps < 2 * LOG_EVERY:
        parser.error(f"--steps {arguments.steps}: the first {LOG_EVERY} do not count; give more")
    paces = {
        count: measure(count, arguments.steps, arguments.data, arguments.overrides)
        for count in arguments.processes
    }
    first = paces[arguments.processes[0]]
    print("| processes | audio, s per s | ratio |\n|---|---|---|")
    for count, pace in paces.items():
        print(f"| {count} | {pace:.1f} | {pace / first:.2f} |")


def measure(processes: int, steps: int, data: Path, overrides: list[str]) -> float:
    """Seconds of audio that so many processes train in a second, the median after the first."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [
            f"data.root='{data}'",
            f"data.cache='{folder}/cache'",
            f"run.folder='{folder}/run'",
            "system=supervised",
            f"trainer.devices={processes}",
            *(f"trainer.{name}={value}" for name, value in CONTROLLED.items()),
            f"trainer.max_steps={steps}",
            f"trainer.validate_every={10 * steps}",
        ]
        command = [sys.executable, "-P", "-m", "speechgan", "train", "enhance"]
        done = subprocess.run(
            [*command, *settings, *overrides], capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"processes.py: error: {done.stderr.strip()}")
        lines = Path(folder, "run", "metrics.jsonl").read_text().splitlines()
    found = [json.loads(line).get("audio_seconds_per_second") for line in lines]
    return statistics.median([pace for pace in found if pace][1:])


CONTROLLED = {"accelerator": "cpu", "threads": 1, "workers": 1, "log_every": LOG_EVERY}


if __name__ == "__main__":
    main()
