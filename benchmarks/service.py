"""What one server holds: live streams, a thousand files with bad ones among them, bad clients.

    python benchmarks/service.py [--parts streams files clients] [--model NAME|DIR]

Each part starts a server of its own on this machine, and clients in other processes or threads,
which need processors too. A block of a stream is late when its answer comes more than `--late`
seconds after it was sent; streams are added until one is. Each file must be answered as its kind
is to be, and the server's memory is read after `--settled` of them and in the end. Clients that
vanish, or send a byte now and then, must give their places back. Exit code 1 if an answer was lost
or wrong, or a place stays taken. Linux alone.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from bad_clients import Outcome, list_cases
from file_clients import KINDS, post_all
from served import Server

from speechgan.utils.errors import SpeechganError

UNBOUNDED = {"max_streams": 10**5, "max_connections": 10**5, "max_calls_per_minute": 10**7}
UNBOUNDED |= {"max_idle_seconds": 10**4, "max_transfer_seconds": 10**4}
LARGEST = 200_000
"""Bytes of a body, where files are posted."""


@dataclass(frozen=True)
class Held:
    """How a number of streams went.

    Attributes:
        streams: how many.
        blocks: that were answered.
        late: those that came too late or not at all.
        delays: percentiles 50, 99 and 100 from sending to answer, in milliseconds.
        slip: percentile 99 of how late the clients themselves were, in milliseconds.
        cores: processor time of the server for each second.
        memory: of the server, in MB.
    """

    streams: int
    blocks: int
    late: int
    delays: tuple[float, float, float]
    slip: float
    cores: float
    memory: float


def main() -> int:
    """Measures and prints tables in Markdown."""
    parser = argparse.ArgumentParser(description="Put a server under load.")
    add = parser.add_argument
    add("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    add("--model", default="default", metavar="NAME|DIR", help="an enhancer (default: default)")
    steps = [1, 10, 20, 30, 40, 60, 80, 100, 120, 160, 200]
    add("--streams", type=int, nargs="+", default=steps, metavar="N", help="to try, one by one")
    add("--seconds", type=float, default=20.0, help="of each number of streams (default: 20)")
    add("--block", type=float, default=0.02, metavar="SECONDS", help="default: 0.02")
    add("--late", type=float, default=0.1, metavar="SECONDS", help="default: 0.1")
    add("--processes", type=int, default=1, metavar="N", help="of the streams' clients")
    add("--requests", type=int, default=1000, metavar="N", help="of files (default: 1000)")
    add("--settled", type=int, default=200, metavar="N", help="after which memory is read first")
    arguments = parser.parse_args()
    for name in ("seconds", "block", "late", "processes", "requests", "settled"):
        if getattr(arguments, name) <= 0:
            raise SpeechganError(f"--{name}: must be greater than 0")
    if min(arguments.streams) < 1:
        raise SpeechganError("--streams: must be 1 or more")
    return max(PARTS[name](arguments) for name in arguments.parts)


def hold_streams(arguments: argparse.Namespace) -> int:
    """Streams, more and more of them, until a block is late."""
    late = f"later than {1000 * arguments.late:.0f} ms"
    print(f"| streams | blocks | {late} | p50, ms | p99 | most | clients' own p99 | cores | MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    held = 0
    with Server(model=arguments.model, **UNBOUNDED) as server:
        for count in sorted(arguments.streams):
            row = follow(server, count, arguments)
            delays = " | ".join(f"{delay:.1f}" for delay in row.delays)
            print(
                f"| {row.streams} | {row.blocks} | {row.late} | {delays} | {row.slip:.1f} | "
                f"{row.cores:.2f} | {row.memory:.0f} |",
                flush=True,
            )
            if row.late:
                break
            held = count
    print(f"\nStreams held without a late block: {held}; faults of the server: {server.faults}\n")
    return int(server.faults > 0)


def follow(server: Server, count: int, arguments: argparse.Namespace) -> Held:
    """So many streams at a time, their clients spread over some processes."""
    shares = [len(x) for x in np.array_split(np.arange(count), arguments.processes) if len(x)]
    script = Path(__file__).with_name("live_clients.py")
    options = [f"--{name}={getattr(arguments, name)}" for name in ("seconds", "block")]
    command = [sys.executable, str(script), f"--port={server.port}", *options]
    processes = [
        subprocess.Popen([*command, f"--streams={share}"], stdout=subprocess.PIPE, text=True)
        for share in shares
    ]
    # Of several processes, those that are ready first wait for none: they only speak longer alone.
    for process in processes:
        process.stdout.readline()
    before = server.read_clocks()
    outputs = [process.communicate()[0] for process in processes]
    after, memory = server.read_clocks(), server.read_memory()
    if any(process.returncode for process in processes):
        raise SpeechganError(f"service.py: a client of {count} streams failed; see above")
    reports = [json.loads(output) for output in outputs]
    delays, slips = (np.concatenate([r[key] for r in reports]) for key in ("delays", "slips"))
    lost = sum(report["lost"] for report in reports)
    told = tuple(1000 * np.percentile(delays, (50, 99, 100))) if len(delays) else (np.nan,) * 3
    return Held(
        streams=count,
        blocks=len(delays),
        late=lost + int((delays > arguments.late).sum()),
        delays=told,
        slip=1000 * float(np.percentile(slips, 99)),
        cores=(after[0] - before[0]) / (after[1] - before[1]),
        memory=memory,
    )


def post_files(arguments: argparse.Namespace) -> int:
    """Files, good and bad in turn."""
    options = UNBOUNDED | {"max_body_bytes": LARGEST}
    with Server(model=arguments.model, **options) as server:
        started = time.perf_counter()
        first = min(arguments.settled, arguments.requests)
        answers = post_all(server.port, range(first), LARGEST)
        settled = server.read_memory()
        answers += post_all(server.port, range(first, arguments.requests), LARGEST)
        seconds, memory = time.perf_counter() - started, server.read_memory()
        # What a server forgets only after a while shows where many come in a short one.
        refused = post_all(server.port, range(arguments.requests), LARGEST, ["too large"])
        full = server.read_memory()
    print("| file | requests | to be answered | answered so | otherwise | lost |")
    print("|---|---|---|---|---|---|")
    wrong = sum(status != KINDS["too large"].status for _, status in refused)
    for name, kind in KINDS.items():
        given = [status for asked, status in answers if asked == name]
        right, lost = given.count(kind.status), given.count(None)
        wrong += len(given) - right
        other = len(given) - right - lost
        print(f"| {name} | {len(given)} | {kind.status} | {right} | {other} | {lost} |")
    print(
        f"\n{len(answers)} requests in {seconds:.0f} s; memory of the server after {first}: "
        f"{settled:.1f} MB, in the end: {memory:.1f} MB, after {len(refused)} more, all too large: "
        f"{full:.1f} MB; faults of the server: {server.faults}\n"
    )
    return int(wrong > 0 or server.faults > 0)


def meet_bad_clients(arguments: argparse.Namespace) -> int:
    """Clients that take places and do not mean to give them back."""
    print("| clients | how many | a good one meanwhile | served again after, s | limit, s |")
    print("|---|---|---|---|---|")
    failed = False
    for case in list_cases():
        with Server(model=arguments.model, **case.options) as server:
            outcome: Outcome = case.run(server.port)
        failed |= outcome.seconds is None or server.faults > 0
        again = "never" if outcome.seconds is None else f"{outcome.seconds:.2f}"
        meanwhile = outcome.meanwhile or "not tried"
        print(
            f"| {case.name} | {case.count} | {meanwhile} | {again} | {case.limit:g} |", flush=True
        )
    print()
    return int(failed)


PARTS: dict[str, Callable[[argparse.Namespace], int]] = {
    "streams": hold_streams,
    "files": post_files,
    "clients": meet_bad_clients,
}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SpeechganError as error:
        sys.exit(f"service.py: error: {error}")
