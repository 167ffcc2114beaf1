"""How much audio the training loader yields: does it starve the machine that trains?

    python benchmarks/loader.py [key=value ...] [--data DIR] [--workers N ...]

Without --data, speech and noise are taken from the examples: the clean side, and noisy minus clean.
"""

import argparse
import sys
import tempfile
import time
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
    add("overrides", nargs="*", metavar="key=value", help="settings, as of `speechgan train`")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
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


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"loader.py: error: {error}")
