"""How long the page's tab Enhance takes, first for the sound and then for all, as a Markdown table.

    python benchmarks/page.py [--seconds 10] [--model NAME|DIR] [--times 5]

On one core, without the browser; the first answer also loads what draws and scores.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from speechgan import audio

EXAMPLE = Path(__file__).parents[1] / "examples/noisy/kerstin_birds.wav"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of sound (default: 10)")
    parser.add_argument("--model", default="default", metavar="NAME|DIR")
    parser.add_argument("--times", type=int, default=5, help="answers (default: 5)")
    arguments = parser.parse_args()

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    wave, rate = audio.read(EXAMPLE)
    print("| answer | sound, s | all, s | all, s of processor |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        os.environ["GRADIO_TEMP_DIR"] = name
        from speechgan.page.enhance import EnhanceTab
        from speechgan.page.parts import Page
        from speechgan.page.visits import Visits
        from speechgan.service.limits import Limits
        from speechgan.service.models import Models

        path = Path(name, "noisy.wav")
        audio.write(path, np.resize(wave, (1, round(arguments.seconds * rate))), rate)
        tab = EnhanceTab(Page(Models([arguments.model]), Limits(), Visits(Path(name))))
        model = tab.page.models.names("enhance")[0]
        visitor = SimpleNamespace(session_hash="visitor")
        for number in range(arguments.times):
            began, used = time.perf_counter(), time.process_time()
            settings = (str(path), None, model, 1.0, 60, False, visitor, lambda *_, **__: None)
            ready = [time.perf_counter() - began for _ in tab.enhance(*settings)]
            used = time.process_time() - used
            print(f"| {number + 1} | {ready[0]:.2f} | {ready[-1]:.2f} | {used:.2f} |", flush=True)


if __name__ == "__main__":
    main()
