"""How much audio the training loader yields: does it starve the machine that trains?

    python benchmarks/loader.py [key=value ...] [--data DIR] [--workers N ...]
    python benchmarks/loader.py --files 10000 --shards 20

Without --data, speech and noise are taken from the examples: the clean side, and noisy minus clean.
With --files, many small files are set against the same recordings in shards instead, each time
after the system has been told to forget what it keeps of them in memory.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from speechgan import audio
from speechgan.utils.errors import SpeechganError

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    """Measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Measure the training loader.")
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="speech/ and noise/, or pairs (default: examples)")
    add("--workers", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="loader processes")
    add("--batches", type=int, default=400, help="to make, each time (default: 400)")
    add("--files", type=int, metavar="N", help="small files to make, and set against shards")
    add("--shards", type=int, default=20, metavar="N", help="about so many (default: 20)")
    add("overrides", nargs="*", metavar="key=value", help="settings, as of `speechgan train`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        if arguments.files:
            compare_with_shards(Path(folder), arguments.files, arguments.shards, arguments.batches)
            return
        root = arguments.data or write_corpus(Path(folder) / "corpus")
        settings = [f"data.root='{root}'", f"data.cache='{folder}/cache'", *arguments.overrides]
        print("| workers | batches a second | seconds of audio a second |\n|---|---|---|")
        for workers in arguments.workers:
            batches, audio_seconds = measure(settings, workers, arguments.batches)
            print(f"| {workers} | {batches:.1f} | {audio_seconds:.0f} |", flush=True)


def measure(settings: list[str], workers: int, count: int) -> tuple[float, float]:
    """Batches, and seconds of audio, that the loader yields in a second once it is warm."""
    import torch
    from hydra.utils import instantiate

    from speechgan.training.compose import compose
    from speechgan.training.loading import load_batches

    config = compose("enhance", settings)
    training, _ = instantiate(config.data, _convert_="all").open()
    # What was fetched ahead while the processes started would count as made in no time.
    ahead = 1 + 5 * workers
    loader = load_batches(training, range(ahead + count), torch.device("cpu"), workers)
    for _ in range(ahead):
        next(loader)
    started = time.perf_counter()
    for _ in loader:
        pass
    elapsed = time.perf_counter() - started
    return count / elapsed, count * config.data.batch_size * config.data.seconds / elapsed


def write_corpus(root: Path) -> Path:
    """The examples as `speech/` and `noise/`, each for training and for validation."""
    for path in sorted((EXAMPLES / "noisy").iterdir()):
        noisy, sample_rate = audio.read(path)
        clean, _ = audio.read(EXAMPLES / "clean" / path.name)
        for split in ("train", "valid"):
            for role, wave in (("speech", clean), ("noise", noisy - clean)):
                target = root / role / split / f"{path.stem}.wav"
                audio.write(target, wave.mean(axis=0).astype(np.float32), sample_rate)
    return root


def compare_with_shards(folder: Path, files: int, shards: int, batches: int) -> None:
    """Prints what small files and shards yield, and their ratio."""
    from speechgan.data.roots import open_root
    from speechgan.data.shards.writing import write_shards

    small, large = folder / "files", folder / "shards"
    paths = write_small_files(small, files)
    size = sum(path.stat().st_size for path in paths)
    write_shards(small, large, math.ceil(size / shards / 1e6))
    root, tars = open_root(large), sorted(large.glob("*.tar"))
    print(f"{files} files of {size / files / 1000:.0f} kB, {len(tars)} shards\n")
    print("| | files | shards | shards / files |\n|---|---|---|---|")
    order = np.random.default_rng(0).permutation(files)
    shuffled = [paths[n].relative_to(small) for n in order]
    for name, one, other in (
        ("read in order, recordings a second", paths, tars),
        (
            "read at random, recordings a second",
            [small / path for path in shuffled],
            [root / path for path in shuffled],
        ),
    ):
        rates = [files / time_cold(folder, lambda x=x: read_all(x)) for x in (one, other)]
        print_row(name, *rates)
    opened = [time_batches(folder, place, batches) for place in (small, large)]
    names = ("first batch, s", "then, items a second")
    for name, one, other in zip(names, *opened, strict=True):
        print_row(name, one, other)


def write_small_files(root: Path, count: int) -> list[Path]:
    """Noise of a second or two each, a hundred in a folder."""
    rng = np.random.default_rng(0)
    paths = [root / "speech" / f"{n // 100:04}" / f"{n:06}.flac" for n in range(count)]
    for path in paths:
        wave = rng.normal(0, 0.05, int(rng.integers(16000, 32000)))
        audio.write(path, wave.astype(np.float32), 16000)
    return paths


def read_all(sources: Iterable) -> None:
    for source in sources:
        source.read_bytes()


def time_batches(folder: Path, root: Path, count: int) -> tuple[float, float]:
    """Seconds from a cold start to the first batch; items a second from then on."""
    from speechgan.data.waves import VocoderData

    with tempfile.TemporaryDirectory(dir=folder) as cache:
        data = VocoderData(root, Path(cache))
        opened: list = []
        first = time_cold(folder, lambda: opened.append(data.open()[0]) or opened[0][0])
        started = time.perf_counter()
        for number in range(1, 1 + count):
            opened[0][number]
        return first, count * data.batch_size / (time.perf_counter() - started)


def time_cold(folder: Path, action: Callable[[], object]) -> float:
    """Seconds that an action takes when no content of files below a folder is in memory."""
    os.sync()
    for path in folder.rglob("*.*"):
        if path.is_file():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def print_row(name: str, one: float, other: float) -> None:
    shown = [f"{x:,.0f}" if x >= 100 else f"{x:.2f}" for x in (one, other, other / one)]
    print(f"| {name} | {' | '.join(shown)} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"loader.py: error: {error}")
