"""How near enhancers of files come to what a core can do, by their multiply-adds.

    python benchmarks/limit.py [--models NAME|DIR ...] [--seconds N] [--repeats N]

The bound is a network of nothing but matrix products, at the rate of PyTorch's product of two
square matrices of 1,024 on this core. Times are of the processor, one thread, and the best of each
counts. Sound is noise, which takes as long as speech.
"""

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from speechgan import Enhancer
from speechgan.pretrained.loading import Model, load_model
from speechgan.utils.errors import SpeechganError

SIDE = 1024
FRAMES = 64


def main() -> None:
    """Counts, measures and prints a table in Markdown."""
    parser = argparse.ArgumentParser(description="Compare enhancers with what a core can do.")
    add = parser.add_argument
    add("--models", nargs="+", default=["default", "quality", "tiny"], metavar="NAME|DIR")
    add("--seconds", type=int, default=30, metavar="N", help="of sound (default: 30)")
    add("--repeats", type=int, default=5, metavar="N", help="(default: 5)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    square = torch.randn(SIDE, SIDE)
    work: dict[str, Callable[[], object]] = {"product": partial(torch.matmul, square, square)}
    counts = {}
    for name in arguments.models:
        model = load_model(name)
        noise = np.random.default_rng(0).standard_normal(arguments.seconds * model.sample_rate)
        enhancer = Enhancer.from_pretrained(name, "cpu", threads=1)
        work[name] = partial(enhancer, (0.05 * noise).astype(np.float32), model.sample_rate)
        counts[name] = enhancer.shifts * count_multiply_adds(model)
    times = {name: min(measure(f) for _ in range(arguments.repeats)) for name, f in work.items()}
    fastest = SIDE**3 / times["product"]
    print(f"The core does {fastest / 1e9:.1f} billion multiply-adds a second.\n")
    print("| model | multiply-adds a second of sound, million | bound | measured | of the bound |")
    print("|---|---|---|---|---|")
    for name, count in counts.items():
        bound, reached = fastest / count, arguments.seconds / times[name]
        cells = f"{count / 1e6:.0f} | {bound:.0f} | {reached:.0f} | {reached / bound:.0%}"
        print(f"| {name} | {cells} |")


def count_multiply_adds(model: Model) -> float:
    """Of an enhancer of images, for a second of sound."""
    features, generator = model.features, model.generator
    counted = 0

    def count_recurrence(layer: nn.Module, inputs: tuple[torch.Tensor, ...], _: object) -> None:
        nonlocal counted
        weights = sum(w.numel() for n, w in layer.named_parameters() if "weight" in n)
        counted += weights * inputs[0].shape[0] * inputs[0].shape[1]

    for module in generator.modules():
        if isinstance(module, nn.LSTM):
            module.register_forward_hook(count_recurrence)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        generator(torch.randn(1, 2, features.n_fft // 2 + 1, FRAMES))
    seconds = FRAMES * features.hop_length / model.sample_rate
    return (counted + counter.get_total_flops() / 2) / seconds


def measure(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"limit.py: error: {error}")
