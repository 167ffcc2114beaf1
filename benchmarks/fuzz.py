"""Damaged sound files and spoiled models through every command that reads them.

    python benchmarks/fuzz.py [--cases 10000] [--start N] [--commands NAME ...]

Each case is made from a number, so that what is found can be made again with `--start NUMBER
--cases 1`. Of N cases `enhance` gets N, `convert`, `evaluate enhance` and `data scan` N / 5 each,
`evaluate convert` (judge) N / 20, `train` on what is mixed and `models` N / 50, each other `train`
N / 100. Files go in folders of 100; every folder is a process of its own, so that a crash of a
library is found too. Exit code 1 if anything is wrong.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests" / "fuzz"))
import commands  # noqa: E402
import models  # noqa: E402
import sounds  # noqa: E402

SHARES = {
    "enhance": 1,
    "convert": 5,
    "evaluate": 5,
    "judge": 20,
    "scan": 5,
    "train": 50,
    "train pairs": 100,
    "train voices": 100,
    "train vocoder": 100,
    "models": 50,
}
"""Of so many cases a command gets one."""
FOLDER = 100
SHIPPED = REPOSITORY / "speechgan" / "weights"


def main() -> int:
    """Runs and prints."""
    parser = argparse.ArgumentParser(description="Fuzz every command that reads files.")
    parser.add_argument("--cases", type=int, default=10000, help="of enhance (default: 10000)")
    parser.add_argument("--start", type=int, default=0, help="number of the first")
    parser.add_argument("--commands", nargs="+", choices=SHARES, default=list(SHARES))
    arguments = parser.parse_args()
    faulty = 0
    for name in arguments.commands:
        started = time.perf_counter()
        count = max(1, arguments.cases // SHARES[name])
        faults = fuzz(name, range(arguments.start, arguments.start + count))
        faulty += len(faults)
        for fault in faults:
            print(f"{name}: {fault}", flush=True)
        seconds = time.perf_counter() - started
        print(f"{name}: {count} cases, {len(faults)} faults, {seconds:.0f} s", flush=True)
    return 1 if faulty else 0


def fuzz(name: str, numbers: range) -> list[str]:
    """The faults of one command on all cases."""
    work: Callable[[str, range], list[str]] = fuzz_models if name == "models" else fuzz_sounds
    faults = []
    for start in range(numbers.start, numbers.stop, FOLDER):
        part = range(start, min(start + FOLDER, numbers.stop))
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            try:
                faults += pool.submit(work, name, part).result()
            except BrokenProcessPool:
                faults.append(f"the process died at one of {part.start} to {part.stop - 1}")
    return faults


def fuzz_sounds(name: str, numbers: range) -> list[str]:
    """Of one folder of sound files."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        faults = commands.warm_up(name, Path(folder, "warm"))
        return faults + commands.fuzz(name, numbers, Path(folder, "work"))


def fuzz_models(name: str, numbers: range) -> list[str]:
    """Of models, each made of one that ships."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        work = Path(folder)
        sys.path.insert(0, folder)
        mark = models.write_canary(work)
        (work / "sound.wav").write_bytes(sounds.make_sound("wav", 16000, 1))
        faults = []
        for original in ("default", "kerstin-p226"):
            commands.fuzz_model(SHIPPED / original, work, mark)  # imports what it imports
            for number in numbers:
                what = models.make_model(number, SHIPPED / original, work / "model")
                found = commands.fuzz_model(work / "model", work, mark)
                faults += [f"{number}, {original}, {what}: {fault}" for fault in found]
        return faults


if __name__ == "__main__":
    sys.exit(main())
