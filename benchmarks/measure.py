"""Measures one system of benchmarks/enhancers.py in a process of its own.

`python benchmarks/measure.py NAME ...` is such a process; it prints JSON. One thread. What is told
of a core is processor time, which other work on the machine does not lengthen as it does waiting.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from enhancers import RATE, Samples, System, list_systems

from speechgan.utils.errors import SpeechganError

IMPORTS = "imports"
"""Not a system: the process that only imports torch and torchaudio."""

Report = dict[str, Any]

GREATEST_LAG = 0.1  # seconds
WARM_UP_HOPS = 50


def measure_in_process(name: str, **options: object) -> Report:
    """What a fresh process finds out about a system.

    Args:
        name: one of `list_systems()`, or `IMPORTS`.
        options: of `python benchmarks/measure.py`, see `parse`.

    Returns:
        `start`, seconds from the beginning of the process to the first second of sound enhanced;
        `peak`, MB of resident memory; the rest as asked for. Or only `missing`, why there is no
        such system here.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    command = [sys.executable, __file__, name, f"--started={time.time()}"]
    command += [f"--{key}={value}" for key, value in options.items()]
    # Libraries below torch and NumPy ask the environment, once, when they are loaded.
    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = os.environ | dict.fromkeys(variables, "1")
    process = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    report: Report = json.loads(process.stdout)
    return report


def parse() -> argparse.Namespace:
    """The command line of a measuring process."""
    parser = argparse.ArgumentParser(description="Measure one system in this process.")
    add = parser.add_argument
    add("name", help=f"a system, or {IMPORTS}")
    add("--started", type=float, default=time.time(), help="when the process was asked for")
    add("--model", default="default")
    add("--sound", type=Path, help=".npy of int16 at 16 kHz, to measure the start and speed on")
    add("--repeats", type=int, default=0, help="times that the sound is enhanced")
    add("--recordings", type=Path, help="folder to enhance as well")
    add("--into", type=Path, help="folder for the enhanced recordings")
    add("--file", type=Path, help="measure only this file, from disk to disk")
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> Report:
    """Everything that was asked for, peak memory before what would blur it."""
    if arguments.name == IMPORTS:
        import torch
        import torchaudio

        assert torch and torchaudio
        return {"start": time.time() - arguments.started, "peak": read_peak_memory()}
    entry = list_systems(arguments.model)[arguments.name]
    try:
        system = entry.load()
    except ImportError as error:
        install = f"pip install {entry.package}" if entry.package else error
        return {"missing": f"not installed: {install}"}
    except SpeechganError as error:
        return {"missing": str(error)}
    if arguments.file:
        return measure_file(system, arguments.file, arguments.file.with_suffix(".enhanced.wav"))
    sound: Samples = np.load(arguments.sound)
    system.enhance(sound[:RATE])
    report: Report = {"start": time.time() - arguments.started}
    if arguments.repeats:
        report |= measure_speed(system, sound, arguments.repeats)
    report |= {"peak": read_peak_memory(), "imports_torch": "torch" in sys.modules}
    if arguments.repeats and system.hop is not None:
        report["stream"] = measure_stream(system, sound)
    if arguments.recordings:
        lag = find_lag(sound, system.enhance(sound), RATE)
        report["lag"] = 1000 * lag / RATE
        enhance_folder(system, lag, arguments.recordings, arguments.into)
    return report


def measure_speed(system: System, sound: Samples, repeats: int) -> Report:
    """Times real time of one core, and the share of it that this process got meanwhile."""
    walls, cores = [], []
    for _ in range(repeats):
        wall, core = time.perf_counter(), time.process_time()
        system.enhance(sound)
        walls.append(time.perf_counter() - wall)
        cores.append(time.process_time() - core)
    return {
        "times_real_time": len(sound) / RATE / statistics.median(cores),
        "times_real_time_waiting": len(sound) / RATE / statistics.median(walls),
        "core_got": sum(cores) / sum(walls),
    }


def measure_stream(system: System, sound: Samples) -> Report:
    """Milliseconds for each hop, its share of a core, and how far output is behind input.

    `mean` and `p99` are processor time, as all that is told of a core; `p99_clock` includes waiting
    for it.
    """
    assert system.hop is not None
    if system.rate != RATE:
        import soxr

        sound = soxr.resample(sound, RATE, system.rate)
    step, pieces = system.open(), []
    times: list[tuple[float, float]] = []
    heard = len(sound) // system.hop * system.hop
    for start in range(0, heard, system.hop):
        block = sound[start : start + system.hop]
        clock, core = time.perf_counter(), time.process_time()
        pieces.append(step(block))
        times.append((time.process_time() - core, time.perf_counter() - clock))
    made = np.concatenate(pieces)
    # What a hop's first sample waits for: the hop, what is held back, and what is out of step.
    behind = system.hop + heard - len(made) + find_lag(sound[: len(made)], made, system.rate)
    hop = 1000 * system.hop / system.rate
    cores, clocks = 1000 * np.array(times[WARM_UP_HOPS:]).T
    return {
        "hop": hop,
        "hops": len(cores),
        "mean": float(cores.mean()),
        "p99": float(np.percentile(cores, 99)),
        "p99_clock": float(np.percentile(clocks, 99)),
        "share": float(cores.mean()) / hop,
        "delay": 1000 * behind / system.rate,
    }


def find_lag(given: Samples, made: Samples, rate: int) -> int:
    """By how many samples the output correlates best with the input."""
    size = 1 << (2 * len(given) - 1).bit_length()
    spectrum = np.fft.rfft(made, size) * np.fft.rfft(given, size).conj()
    return int(np.argmax(np.fft.irfft(spectrum)[: int(GREATEST_LAG * rate)]))


def enhance_folder(system: System, lag: int, recordings: Path, into: Path) -> None:
    """Every recording below a folder, of 16 kHz and one channel, without the lag."""
    import soundfile

    for path in sorted(path for path in recordings.rglob("*") if path.is_file()):
        wave, _ = soundfile.read(path, dtype="int16")
        enhanced = system.enhance(np.pad(wave, (0, lag)) if lag else wave)[lag:]
        target = into / path.relative_to(recordings).with_suffix(".wav")
        target.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(target, enhanced, RATE)


def measure_file(system: Any, source: Path, target: Path) -> Report:
    """Of one of speechgan's, a file of any length."""
    started = time.process_time()
    seconds = system.enhancer.enhance_file(source, target).seconds
    spent = time.process_time() - started
    return {"times_real_time": seconds / spent, "peak": read_peak_memory()}


def read_peak_memory() -> float:
    """Most resident memory that this process has had, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux counts a process's parent into what getrusage tells of it.
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


if __name__ == "__main__":
    print(json.dumps(measure(parse())))
