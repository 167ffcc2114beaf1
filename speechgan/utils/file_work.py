"""What every command that makes files of files hands to those that do it, here or elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from speechgan.utils.errors import SpeechganError
from speechgan.utils.workers import Report


class Written(Protocol):
    """What is told of a file that was written."""

    @property
    def seconds(self) -> float: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...


Work = Callable[[Path, Path, Report], Written]
"""Makes a target of a source, both on this machine, and tells the seconds of audio finished on the
way."""

ManyWork = Callable[
    [Iterable[tuple[Path, Path]], Report], Iterator[tuple[int, Written | SpeechganError]]
]
"""As `Work`, of many sources and targets, which are taken as they are needed; each file's number
with what was written, or why it was not, when that is known."""
