"""Runs a command in this process, and tells what no command may do."""

import contextlib
import io
import resource
import signal
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from speechgan.cli.main import main

MOST_MEGABYTES = 200.0
"""That a command may take beyond what it takes of sound files of a tenth of a second."""
MOST_SECONDS = 60.0
MEMORY = "MB more than before"


@dataclass(frozen=True)
class Outcome:
    """What a command did.

    Attributes:
        code: its exit code; None if something escaped.
        lines: that it printed on stderr.
        escaped: the traceback of what is no error of the user's.
        seconds: of processor time that it took, which do not depend on what runs beside it.
    """

    code: int | None
    lines: tuple[str, ...]
    escaped: str
    seconds: float


def run(*arguments: object) -> Outcome:
    """`speechgan ARGUMENTS` in this process."""
    errors = io.StringIO()
    code, escaped = None, ""
    started = time.process_time()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as error:
            if error.code == 128 + signal.SIGTERM:
                raise  # it is this process that is told to end
            code = error.code if isinstance(error.code, int) else 1
        except Exception:
            escaped = traceback.format_exc()
    lines = tuple(line for line in errors.getvalue().splitlines() if line.strip())
    return Outcome(code, lines, escaped, time.process_time() - started)


def find_faults(outcome: Outcome, folder: Path, peak_before: float) -> list[str]:
    """What no command may do, whatever its files are.

    Args:
        outcome: of the command.
        folder: below which it wrote.
        peak_before: `read_peak()` before it ran.
    """
    faults = []
    if outcome.escaped:
        faults.append(f"escaped: {outcome.escaped}")
    if any("Traceback" in line or "a worker failed" in line for line in outcome.lines):
        faults.append("a traceback: " + "\n".join(outcome.lines))
    if outcome.code not in (0, 1):
        faults.append(f"exit code {outcome.code}: {outcome.lines}")
    if outcome.code == 1 and not outcome.lines:
        faults.append("failed and said nothing")
    if left := [str(path) for path in folder.rglob("*.part")]:
        faults.append(f"left unfinished: {left}")
    if (taken := read_peak() - peak_before) > MOST_MEGABYTES:
        faults.append(f"took {taken:.0f} {MEMORY}")
    if outcome.seconds > MOST_SECONDS:
        faults.append(f"took {outcome.seconds:.0f} s")
    return faults


def check_each(outcome: Outcome, sources: Sequence[Path], results: dict[Path, bool]) -> list[str]:
    """Each file has its result or one line that names it, and the exit code tells which.

    Args:
        outcome: of the command.
        sources: the files that it was given.
        results: whether there is a result of each.
    """
    faults = []
    # The last line says where a result is.
    complaints = [line for line in outcome.lines if ", written " not in line]
    for source in sources:
        named = sum(source.stem in line for line in complaints)
        if named != (0 if results[source] else 1):
            has = "a result" if results[source] else "no result"
            faults.append(f"{source.name}: {has}, named in {named} lines")
    expected = 0 if all(results.values()) else 1
    if not outcome.escaped and outcome.code != expected:
        faults.append(f"exit code {outcome.code} instead of {expected}")
    return faults


def is_whole(path: Path) -> bool:
    """Whether it is a sound file that can be read to its end, of nothing but numbers."""
    try:
        wave, _ = soundfile.read(path, always_2d=True)
    except (soundfile.LibsndfileError, OSError):
        return False
    return len(wave) > 0 and bool(np.isfinite(wave).all())


def read_peak() -> float:
    """Most memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
