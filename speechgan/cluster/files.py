"""A job of one file: fetched, processed in a private folder, and stored at its target."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from speechgan.cluster.pool import name_worker
from speechgan.utils.errors import SpeechganError
from speechgan.utils.file_work import Work
from speechgan.utils.places import Place, lend_file
from speechgan.utils.scratch import lend_scratch, remove_orphans


@dataclass(frozen=True)
class FileJob:
    """A file to process.

    Attributes:
        source: what to read.
        target: what to write.
    """

    source: Place
    target: Place


def start_files(start: Callable[[], Work], scratch: str | None) -> Callable[[FileJob], Any]:
    """A function with which a worker does a job; it returns fields of a `summary.Row`.

    Args:
        start: makes the function that does the work.
        scratch: of `connection.Cluster`.

    Raises:
        SpeechganError: the work cannot be started.
    """
    remove_orphans(scratch)
    return partial(_do, start(), scratch)


def _do(work: Work, scratch: str | None, job: FileJob) -> dict[str, Any]:
    started = time.perf_counter()
    with lend_file(job.source, scratch) as source, lend_scratch(scratch) as name:
        made = Path(name) / job.target.name
        try:
            done = work(source, made, lambda seconds: None)
        except SpeechganError as error:
            raise SpeechganError(str(error).replace(str(made), str(job.target))) from None
        except Exception as error:  # a defect with one file must not stop thousands of others
            raise SpeechganError(f"{job.source}: {type(error).__name__}: {error}") from error
        job.target.put(made)
    return {
        "seconds": round(done.seconds, 3),
        "sample_rate": done.sample_rate,
        "channels": done.channels,
        "elapsed": round(time.perf_counter() - started, 3),
        "worker": name_worker(),
    }
