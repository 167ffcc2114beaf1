"""The systems that benchmarks/enhance.py compares, and their measuring in fresh processes.

`python benchmarks/systems.py SYSTEM ...` measures one system in this process and prints JSON.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from speechgan.errors import SpeechganError

REPEATS = 7
IMPORTS = "import"
"""Not a system: the process that only imports torch and torchaudio."""

EnhanceFile = Callable[[Path, Path], object]


def list_systems() -> list[str]:
    """Names of the systems that can be measured here."""
    gating = ["noisereduce"] if importlib.util.find_spec("noisereduce") else []
    return ["speechgan", "mmse-lsa", *gating]


def load_system(name: str, model: str, threads: int) -> EnhanceFile:
    """A function that enhances a file into another, ready to be called."""
    if name == "speechgan":
        from speechgan import Enhancer

        return Enhancer.from_pretrained(model, "cpu", threads).enhance_file
    import baselines

    return {
        "mmse-lsa": baselines.enhance_by_mmse_lsa,
        "noisereduce": baselines.enhance_by_gating,
    }[name]


def measure_in_process(
    name: str, model: str, threads: int, source: Path | None = None, repeats: int = 0
) -> dict[str, float]:
    """Measures a system in a process of its own.

    Args:
        name: one of `list_systems()`, or `IMPORTS`.
        model: for speechgan, a model's name or folder.
        threads: of the CPU.
        source: file to enhance.
        repeats: more runs on the file, after the first, whose median is the time; 0 times the
            first.

    Returns:
        `start`, seconds from the start of the process to the system being loaded; `elapsed`,
        seconds to enhance the file, from disk to disk; `peak`, MB of resident memory at most.

    Raises:
        SpeechganError: the process failed.
    """
    command = [sys.executable, __file__, name, "--model", model, "--threads", str(threads)]
    command += ["--started", str(time.time()), "--repeats", str(repeats)]
    if source is not None:
        command += ["--source", str(source)]
    # Libraries below torch and NumPy ask the environment, once, when they are loaded.
    variables = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    limits = dict.fromkeys(variables, str(threads))
    process = subprocess.run(
        command, env=os.environ | limits, stdout=subprocess.PIPE, text=True, check=False
    )
    if process.returncode:
        raise SpeechganError(f"{name}: the measuring process failed, see above")
    result: dict[str, float] = json.loads(process.stdout)
    return result


def read_peak_memory() -> float:
    """Most resident memory that this process has had, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():
        # Linux counts a process's parent into what getrusage tells of it.
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # bytes on macOS


def main() -> None:
    """Measures one system and prints what it found."""
    parser = argparse.ArgumentParser(description="Measure one system in this process.")
    parser.add_argument("name", choices=[IMPORTS, *list_systems()])
    parser.add_argument("--model", default="default")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--repeats", type=int, default=0)
    parser.add_argument("--started", type=float, default=time.time())
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    if arguments.name == IMPORTS:
        import torch
        import torchaudio

        result["versions"] = f"torch {torch.__version__}, torchaudio {torchaudio.__version__}"
    else:
        enhance = load_system(arguments.name, arguments.model, arguments.threads)
    result["start"] = time.time() - arguments.started
    if arguments.source:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            times = []
            for _ in range(1 + arguments.repeats):
                started = time.perf_counter()
                enhance(arguments.source, Path(folder) / "enhanced.wav")
                times.append(time.perf_counter() - started)
        result["elapsed"] = statistics.median(times[1:] or times)
    result["peak"] = read_peak_memory()
    print(json.dumps(result))


if __name__ == "__main__":
    try:
        main()
    except SpeechganError as error:
        sys.exit(f"systems.py: error: {error}")
