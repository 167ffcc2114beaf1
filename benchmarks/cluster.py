"""Thousands of short files through a Ray cluster, from a store to it, while workers are killed.

    python benchmarks/cluster.py [--files 2000] [--seconds 1] [--kill-every 3] [--model default]

Starts moto's server, which is S3 in memory, on this machine. First a share of the files is made by
one worker and by two, which gives a ratio; then all of them by two, of which one is killed every
few seconds. Files are to be there once each and whole: none lost, none double, none half-written.
What was given up, as two of its workers were killed, is counted, and made by a second run of the
same command. Exit code 1 if anything is lost, double or half-written in the end. Linux alone.
"""

import argparse
import io
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "cluster"))
from ray_processes import list_workers

from speechgan.cli.enhance import start_work
from speechgan.cluster.connection import connect
from speechgan.cluster.files import FileJob, start_files
from speechgan.cluster.pool import Needs, Pool
from speechgan.cluster.summary import Row, read_summary
from speechgan.utils.interrupts import heed_interrupts
from speechgan.utils.places import Place

NOISY = Path(__file__).parents[1] / "examples" / "noisy"
SOURCE, TARGET = "s3://sounds/noisy", "s3://sounds/enhanced"


def main() -> int:
    """Measures and prints tables in Markdown."""
    parser = argparse.ArgumentParser(description="Kill workers of a cluster while they work.")
    add = parser.add_argument
    add("--files", type=int, default=2000)
    add("--seconds", type=float, default=1.0, help="of each file")
    add("--data", type=Path, default=NOISY, help="recordings that they are cut from")
    add("--model", default="default")
    add("--share", type=float, default=0.2, help="of the files, for the ratio")
    add("--rounds", type=int, default=3, help="of one worker and two in turn")
    add("--kill-every", type=float, default=3.0, metavar="SECONDS")
    add("--seed", type=int, default=0, help="of who is killed")
    arguments = parser.parse_args()
    heed_interrupts()
    with serve_store() as store:
        put_files(store, arguments)
        compare_workers(arguments)
        return kill_workers(store, arguments)


@contextmanager
def serve_store() -> Iterator[Any]:
    """S3 in a process of its own, which keeps every version of an object."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    os.environ |= {
        # Ray's workers give way to all else, which is not what is measured.
        "RAY_worker_niceness": "0",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "anybody",
        "AWS_SECRET_ACCESS_KEY": "anything",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        while socket.socket().connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
        import boto3

        store = boto3.client("s3")
        store.create_bucket(Bucket="sounds")
        enabled = {"Status": "Enabled"}
        store.put_bucket_versioning(Bucket="sounds", VersioningConfiguration=enabled)
        yield store


@contextmanager
def start(command: list[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block."""
    with subprocess.Popen(command, text=True, **options) as process:
        try:
            yield process
        finally:
            process.terminate()


def put_files(store: Any, arguments: argparse.Namespace) -> None:
    """Cuts recordings into so many files, no two alike."""
    waves = [soundfile.read(path, dtype="float32") for path in sorted(arguments.data.rglob("*.*"))]
    choose = np.random.default_rng(arguments.seed)
    for number, (wave, rate) in zip(range(arguments.files), itertools.cycle(waves), strict=False):
        length = round(arguments.seconds * rate)
        start = choose.integers(max(1, len(wave) - length))
        data = io.BytesIO()
        soundfile.write(data, wave[start : start + length], rate, format="WAV")
        store.put_object(Bucket="sounds", Key=f"noisy/{number:05}.wav", Body=data.getvalue())


def compare_workers(arguments: argparse.Namespace) -> None:
    """Prints how much faster two workers are than one, in turns."""
    names = [f"{number:05}.wav" for number in range(round(arguments.share * arguments.files))]
    rates: dict[int, list[float]] = {1: [], 2: []}
    load = partial(start_work, {"name": arguments.model, "threads": 1}, {})
    with connect("local", 2) as cluster:
        for turn in range(arguments.rounds):
            for workers, measured in rates.items():
                folder = Place.parse(f"s3://sounds/rate/{turn}/{workers}")
                jobs = [FileJob(Place.parse(SOURCE) / name, folder / name) for name in names]
                pool = Pool(partial(start_files, load, cluster.scratch), Needs(workers))
                measured.append(measure_rate(pool, jobs, workers))
    print("\n| workers | files a second |\n|---|---|")
    for workers, measured in rates.items():
        print(f"| {workers} | {', '.join(f'{rate:.1f}' for rate in measured)} |")
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"\nTwo workers make {np.median(ratios):.2f} times what one makes ({told}).", flush=True)


def measure_rate(pool: Pool, jobs: list[FileJob], workers: int) -> float:
    """Files a second from when every worker has made one."""
    seen: set[str] = set()
    times = []
    for _, outcome in pool.run(jobs):
        seen.add(outcome["worker"])
        if len(seen) == workers:
            times.append(time.perf_counter())
    return (len(times) - 1) / (times[-1] - times[0])


def kill_workers(store: Any, arguments: argparse.Namespace) -> int:
    """Makes all files while workers are killed, and prints what became of them; 1 if wrong."""
    choose = random.Random(arguments.seed)
    command = [sys.executable, "-m", "speechgan", "enhance", SOURCE, "-o", TARGET]
    command += ["--model", arguments.model, "--cluster", "local", "--jobs", "2"]
    kills, started = 0, time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, start(command, stderr=said) as process:
        due = 0.0
        while process.poll() is None:
            time.sleep(0.1)
            if not due and not count_versions(store):
                continue  # it has not begun
            due = due or time.perf_counter() + arguments.kill_every
            workers = list_workers(process.pid)
            if time.perf_counter() > due and workers:
                due += arguments.kill_every
                os.kill(choose.choice(workers), signal.SIGKILL)
                kills += 1
        said.seek(0)
        noticed = said.read().count("was killed or cut off\n")
    elapsed = time.perf_counter() - started
    first = read_summary(Place.parse(TARGET))
    given_up = [row.error for row in first.values() if row.error]
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
    faults = find_faults(store, arguments.files, read_summary(Place.parse(TARGET)))
    versions = count_versions(store)
    again = sum(versions[key] - 1 for key in versions if key.endswith(".wav"))
    print("\n| what | how many |\n|---|---|")
    print(f"| files | {arguments.files} |\n| duration, s | {elapsed:.0f} |")
    print(f"| workers killed | {kills} |\n| workers killed while processing a file | {noticed} |")
    print(f"| files given up in the first run and processed in a second | {len(given_up)} |")
    twice = "outputs written twice with equal content: the worker was killed after writing"
    print(f"| {twice}, before it reported | {again} |")
    for fault, names in faults.items():
        print(f"| {fault} | {len(names)} |", *names[:3])
    return 1 if any(faults.values()) else 0


def find_faults(store: Any, files: int, rows: dict[str, Row]) -> dict[str, list[str]]:
    """Names of the files that are lost, double or half-written."""
    names = [f"{number:05}.wav" for number in range(files)]
    there = {key.removeprefix("enhanced/") for key in count_versions(store)}
    outputs = Counter(row.output for row in rows.values() if not row.error)
    half = []
    for name in names:
        if name in there:
            read = [read_object(store, f"{kind}/{name}") for kind in ("noisy", "enhanced")]
            if len(read[0]) != len(read[1]) or not read[1].any():
                half.append(name)
    return {
        "lost": [name for name in names if name not in there],
        "double": sorted(there - {*names, "summary.html", "summary.parquet"}),
        "half-written": half,
        "without one row in the summary": [n for n in names if outputs[f"{TARGET}/{n}"] != 1],
    }


def count_versions(store: Any) -> Counter[str]:
    """How often each output was put, by its key."""
    pages = store.get_paginator("list_object_versions").paginate(
        Bucket="sounds", Prefix="enhanced/"
    )
    return Counter(version["Key"] for page in pages for version in page.get("Versions", []))


def read_object(store: Any, key: str) -> np.ndarray:
    """A sound of the store; empty if it cannot be read."""
    data = store.get_object(Bucket="sounds", Key=key)["Body"].read()
    try:
        return soundfile.read(io.BytesIO(data))[0]
    except soundfile.LibsndfileError:
        return np.empty(0)


if __name__ == "__main__":
    sys.exit(main())
