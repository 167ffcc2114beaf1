"""Memory of training steps on a CPU: what is freed is used again."""

import platform
import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, torch
from speechgan.training.trainer import Trainer
{first}

def work():
    return [torch.ones(4_000_000) for _ in range(4)]

work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(first: str) -> int:
    """Pages that the system had to give anew to a process that does the same five times."""
    command = [sys.executable, "-c", COUNT_FAULTS.format(first=first)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's alone can be told")
def test_a_training_on_the_cpu_keeps_its_memory() -> None:
    launch = 'Trainer(".", {}, 1, accelerator="cpu")._launch()'
    assert count_faults(launch) < 0.1 * count_faults("")
