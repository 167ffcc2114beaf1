"""Types of the functions that process files, in this process, in workers or on a cluster."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from speechgan.utils.errors import SpeechganError
from speechgan.utils.workers import Report


class Written(Protocol):
    """Information about a file that was written."""

    @property
    def seconds(self) -> float: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...


Work = Callable[[Path, Path, Report], Written]
"""Processes a source to a target, both on this machine, and reports the seconds of audio finished
meanwhile."""

ManyWork = Callable[
    [Iterable[tuple[Path, Path]], Report], Iterator[tuple[int, Written | SpeechganError]]
]
"""Like `Work`, of many sources and targets, which are taken lazily; yields each file's number with
what was written, or why it was not, when it is finished."""
