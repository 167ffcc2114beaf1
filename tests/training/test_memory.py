"""Memory of training steps on a CPU: what is freed is used again."""

import platform
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, torch
from speechgan.training.trainer import Trainer

def count_faults(rounds):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(rounds):
        torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

count_faults(2)
before = count_faults(5)
Trainer(".", {}, 1, accelerator="cpu")._launch()
count_faults(20)  # until there is a place for each, whatever small came to lie between them
print(before, count_faults(5))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's alone can be told")
def test_a_training_on_the_cpu_keeps_its_memory() -> None:
    """Pages that the system gives anew to the same work, before a training and in one."""
    command = [sys.executable, "-c", COUNT_FAULTS]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    before, kept = map(int, done.stdout.split())
    assert kept < 0.5 * before, done.stdout
