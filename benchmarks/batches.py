"""Files one by one against files in batches, through the same network on the same device.

    python benchmarks/batches.py [--models NAME ...] [--device cuda] [--batch N ...] [--files N]
        [--seconds LEAST MOST]

Files are the examples one after the other, cut to lengths drawn evenly between the two. Speed is
of processor time on a CPU, which other work does not lengthen, and by the clock on a GPU; the
median of --repeats. "Without the network" is what reading, writing and frames take: how fast the
network's device can make it at most.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from speechgan import Enhancer
from speechgan.inference.sound_files import FilePair

EXAMPLES = Path(__file__).parents[1] / "examples" / "noisy"


def main() -> None:
    """Measures and prints a table in Markdown."""
    arguments = parse()
    counts: list[int] = arguments.batch
    with tempfile.TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        seconds = write_files(folder, arguments.files, *arguments.seconds)
        print(f"{arguments.files} files, {seconds:.0f} s of audio, device {arguments.device}\n")
        batches = [f"in batches of {count}, ratio" for count in counts]
        heads = ["one by one, times real time", *batches, "without the network, times real time"]
        print(f"| model | {' | '.join(heads)} |")
        print("|" + "---|" * (1 + len(heads)))
        for model in arguments.models:
            # What batches bring does not depend on how often a sound is enhanced.
            enhancer = Enhancer.from_pretrained(model, arguments.device, engine="torch", shifts=1)
            took = measure(enhancer, folder, counts, arguments)
            speeds = [f"{took['alone'] / took[str(count)]:.2f}" for count in counts]
            alone, around = (f"{seconds / took[name]:.0f}" for name in ("alone", "around"))
            print(f"| `{model}` | {' | '.join([alone, *speeds, around])} |", flush=True)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Compare files one by one with batches.")
    add = parser.add_argument
    add("--models", nargs="+", default=["default", "quality"], metavar="NAME|DIR")
    add("--device", choices=["cpu", "cuda"], default="cpu")
    add("--batch", type=int, nargs="+", default=[8, 32], metavar="N", help="files at a time")
    add("--files", type=int, default=64, metavar="N", help="in all (default: 64)")
    add("--seconds", type=float, nargs=2, default=[1.0, 10.0], metavar=("LEAST", "MOST"))
    add("--repeats", type=int, default=3, metavar="N")
    return parser.parse_args()


def write_files(folder: Path, count: int, least: float, most: float) -> float:
    """Makes the files; the seconds of audio in them."""
    sounds = [soundfile.read(path, dtype="int16") for path in sorted(EXAMPLES.iterdir())]
    rate = 16_000
    whole = np.concatenate([wave for wave, own in sounds if own == rate and wave.ndim == 1])
    random, total = np.random.default_rng(0), 0
    for number in range(count):
        length = round(rate * random.uniform(least, most))
        start = random.integers(len(whole))
        soundfile.write(
            folder / f"{number}.wav", whole.take(start + np.arange(length), mode="wrap"), rate
        )
        total += length
    return total / rate


def measure(
    enhancer: Enhancer, folder: Path, counts: list[int], arguments: argparse.Namespace
) -> dict[str, float]:
    """Seconds for all files, by the way in which they go."""

    def pairs() -> Iterator[FilePair]:
        for source in folder.glob("*.wav"):
            yield FilePair(source, folder / "made" / source.name)

    def alone() -> None:
        for pair in pairs():
            enhancer.enhance_file(pair.source, pair.target)

    def together(count: int) -> None:
        outcomes = [done for _, done in enhancer.enhance_files(pairs(), batch=count)]
        assert not any(isinstance(done, Exception) for done in outcomes)

    def around() -> None:
        network: Any = enhancer.network
        network.answer = lambda asks: [ask.given for ask in asks]
        together(max(counts))
        del network.answer

    ways: dict[str, Callable[[], None]] = {"alone": alone, "around": around}
    ways |= {str(count): lambda count=count: together(count) for count in counts}
    clock = time.process_time if arguments.device == "cpu" else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in ways}
    # In turns, so that what changes on the machine meanwhile changes for all; the first is warm-up.
    for round_, (name, do) in itertools.product(range(arguments.repeats + 1), ways.items()):
        begun = clock()
        do()
        if round_:
            times[name].append(clock() - begun)
    return {name: statistics.median(taken) for name, taken in times.items()}


if __name__ == "__main__":
    main()
