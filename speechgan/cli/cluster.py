"""`--cluster` of the commands that process files."""

import argparse
import sys
import time
from dataclasses import asdict
from typing import Any

from speechgan.cli.jobs import Task, print_report, summarise
from speechgan.cli.plan import STANDARD, plan_places
from speechgan.utils.errors import SpeechganError


def run_on_cluster(task: Task, inputs: list[str], arguments: argparse.Namespace) -> int:
    """Processes files on a Ray cluster, and reports; 1 if one failed, else 0.

    Args:
        task: of the command.
        inputs: paths or URLs of files and folders.
        arguments: those that `add_common_arguments` adds.

    Raises:
        SpeechganError: inputs and output do not go together, there is no such cluster, or the work
            cannot be started.
    """
    output = _require_folder(inputs, arguments.output)
    from speechgan.cluster.bulk import Plan, make_files
    from speechgan.cluster.summary import HTML
    from speechgan.utils.places import Place

    folder, jobs = Place.parse(output), plan_places(inputs, output)
    plan = Plan(
        arguments.cluster,
        task.start,
        f"Files {task.verb} by {arguments.model}",
        arguments.overwrite,
        arguments.jobs,
        arguments.threads,
        arguments.device == "cuda",
    )
    started = time.perf_counter()
    outcome = make_files(jobs, folder, plan)
    elapsed = time.perf_counter() - started
    records: list[dict[str, Any]] = [
        {key: value for key, value in asdict(row).items() if value is not None}
        for row in outcome.rows
    ]
    if arguments.json:
        print_report(records, task, arguments.model)
    else:
        made = [records[number] for number in outcome.todo]
        if len(made) < len(records):
            before = len(records) - len(made)
            print(f"{before} of {len(records)} files were there before", file=sys.stderr)
        if made:
            print(summarise(made, task.verb, elapsed), file=sys.stderr)
        print(f"table of all: {folder / HTML}", file=sys.stderr)
    return 1 if any(row.error for row in outcome.rows) else 0


def _require_folder(inputs: list[str], output: str | None) -> str:
    """Checks that the output is a folder, and returns it.

    Raises:
        SpeechganError: it is not, or standard input or output is named.
    """
    from speechgan.audio import AUDIO_EXTENSIONS

    if STANDARD in (*inputs, output):
        raise SpeechganError("-: a cluster takes files and folders; leave out --cluster")
    if output is None or output.lower().endswith(tuple(AUDIO_EXTENSIONS)):
        raise SpeechganError("--cluster: needs a folder for its output; name one with -o")
    return output
