"""What a step of training costs, and where: seconds of audio that are trained in a second.

    python benchmarks/training.py [key=value ...] [--rows NAME ...] [--precision 32-true bf16-mixed]

No recordings are needed: batches are noise. "network" is the generator forwards and backwards,
"closeness" its distances to the clean signal, "others" the moves of all other players. One thread
of processor time on the CPU, so that other work blurs it less; on a GPU, by the clock.

"busy" is the share of the time in which the device works: of a core, or kernels of a GPU in the
profiler's trace. "memory" is the most that was held, on a GPU by PyTorch, else by the process until
then. "waits" are how often a step waits for a GPU, in the same trace.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable

import torch
from omegaconf import DictConfig
from torch.profiler import ProfilerActivity, profile

from speechgan.data.enhancement.batch import PairedBatch
from speechgan.systems.base import Step
from speechgan.training.compose import build, compose
from speechgan.training.run import Run, only
from speechgan.utils.errors import SpeechganError

ESTOI = "system.closeness.estoi=1.5"
ROWS = {
    "default": ["system=supervised", ESTOI],
    "quality": ["system=supervised", "generator=band_crn_quality", ESTOI],
    "tiny": ["experiment=tiny", "data.seconds=2", "data.batch_size=8"],
    "joint": ["system=joint", ESTOI],
    "two_headed": ["system=two_headed", ESTOI],
    "wave_judged": ["system=wave_judged", ESTOI],
}
REPEATS = 5
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize")
TITLES = (
    *("system", "precision", "audio, s per s", "step, s", "network", "closeness", "others"),
    *("busy, %", "memory, GB", "waits"),
)


def main() -> None:
    """Measures every row and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--precision", nargs="+", default=["32-true"])
    parser.add_argument("overrides", nargs="*", metavar="key=value")
    arguments = parser.parse_args()
    print(f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}")
    for name in arguments.rows:
        for precision in arguments.precision:
            settings = [f"trainer.precision={precision}", "trainer.threads=1"]
            with tempfile.TemporaryDirectory() as folder:
                settings += ["data.root=none", f"run.folder='{folder}'"]
                config = compose("enhance", [*ROWS[name], *settings, *arguments.overrides])
                (step, *parts), load = measure(config)
            seconds = config.data.batch_size * config.data.seconds / step
            cells = [f"{seconds:.1f}", *(f"{part:.2f}" for part in (step, *parts)), *load]
            print(f"| {name} | {precision} | {' | '.join(cells)} |", flush=True)


def measure(config: DictConfig) -> tuple[tuple[float, float, float, float], list[str]]:
    """Seconds of a step, of the network alone, of closeness alone, of all other players; and what
    `watch` says of a step."""
    trainer = build(config.trainer)
    fabric = trainer._launch()
    system = build(config.system)
    run: Run = trainer._start(fabric, system)
    everybody = frozenset(system.turns)
    torch.manual_seed(0)
    samples = round(config.data.seconds * config.sample_rate)
    clean = 0.05 * torch.randn(config.data.batch_size, samples, device=fabric.device)
    batch = PairedBatch(clean + 0.02 * torch.randn_like(clean), clean)

    def play(moving: frozenset[str]) -> Callable[[], None]:
        return lambda: run.play(batch, everybody & run.optimizers.keys(), moving)

    def network() -> None:
        with only(system, "generator"), fabric.autocast():
            noisy, _ = system.signals(Step(batch, ()))
            made = system.generate(noisy)
        made.wave.square().sum().backward()

    def closeness() -> None:
        noisy, target = system.signals(Step(batch, ()))
        image = noisy.image.detach().requires_grad_()
        made = type(noisy)(system.features.inverse(image, samples), image)
        torch.stack(list(system.closeness(made, target).values())).sum().backward()

    movers = everybody & run.optimizers.keys()
    whole = clock(play(movers))
    alone = clock(play(frozenset({"generator"})))
    load = watch(play(movers))
    return (whole, clock(network), clock(closeness), max(0.0, whole - alone)), load


def watch(work: Callable[[], None]) -> list[str]:
    """How busy some runs keep the device, in percent; memory, in GB; how often each waits."""
    if not torch.cuda.is_available():
        started, used = time.perf_counter(), time.process_time()
        for _ in range(REPEATS):
            work()
        share = (time.process_time() - used) / (time.perf_counter() - started)
        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return [f"{100 * share:.0f}", f"{kilobytes / 1e6:.2f}", "-"]
    torch.cuda.reset_peak_memory_stats()
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as trace:
        started = time.perf_counter()
        for _ in range(REPEATS):
            work()
        torch.cuda.synchronize()
        elapsed = time.perf_counter() - started
    events = trace.key_averages()
    share = sum(event.self_device_time_total for event in events) / 1e6 / elapsed
    # One of them is the benchmark's own.
    waits = sum(event.count for event in events if event.key in WAITS) - 1
    memory = torch.cuda.max_memory_allocated() / 1e9
    return [f"{100 * share:.0f}", f"{memory:.2f}", f"{waits / REPEATS:.1f}"]


def clock(work: Callable[[], None]) -> float:
    """Seconds of the quickest of some runs."""
    on_gpu = torch.cuda.is_available()
    now = time.perf_counter if on_gpu else time.process_time
    found = []
    for _ in range(1 + REPEATS):
        started = now()
        work()
        if on_gpu:
            torch.cuda.synchronize()
        found.append(now() - started)
    return min(found[1:])


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"training.py: error: {error}")
