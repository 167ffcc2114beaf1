"""Live streams from standard input to standard output."""

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from speechgan.cli.arguments import parse_number
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.audio import Wave
    from speechgan.audio.pcm import Pcm

READ_BYTES = 2**16
# On Windows `select` does not support pipes, so there is no timeout.
_SELECTS_PIPES = os.name != "nt"
# A pipe that is ready accepts so many bytes without blocking.
_WRITE_BYTES = getattr(select, "PIPE_BUF", 512)


class Stream(Protocol):
    """A stream of a live sound."""

    def __call__(self, block: "Wave") -> "Wave":
        """The samples that are ready after a block."""
        ...

    def flush(self) -> "Wave":
        """The last samples."""
        ...


class StalledError(SpeechganError):
    """The other end of a pipe has been idle for too long."""


def add_live_arguments(parser: argparse.ArgumentParser, source: str) -> None:
    """Adds the arguments of live streams; `source` is the argument of the input."""
    add = parser.add_argument
    add(
        "--stream",
        action="store_true",
        help=f"standard input to standard output as it comes, for live sound; {source} is -",
    )
    add(
        "--raw",
        type=_parse_raw,
        metavar="ENCODING:RATE[:CHANNELS]",
        help="with --stream: samples without a WAV header, such as s16le:16000:1",
    )
    add(
        "--patience",
        type=_parse_seconds,
        default=60.0,
        metavar="SECONDS",
        help="with --stream: end when a pipe stands still for so long (default: 60; of no effect "
        "on Windows)",
    )


def refuse_live_files(arguments: argparse.Namespace, inputs: Sequence[str], source: str) -> None:
    """Refuses files with --stream.

    Raises:
        SpeechganError: an input that is not -, an output, JSON, or a cluster.
    """
    if arguments.cluster:
        raise SpeechganError("--stream: works here, on one sound; leave out --cluster")
    if list(inputs) != ["-"] or arguments.output not in (None, "-") or arguments.json:
        raise SpeechganError(
            f"--stream: goes from standard input to standard output; {source} is -"
        )


def refuse_raw_files(arguments: argparse.Namespace) -> None:
    """Refuses --raw without --stream.

    Raises:
        SpeechganError: --raw is given.
    """
    if arguments.raw:
        raise SpeechganError("--raw: only with --stream; files carry their format themselves")


def follow(open_stream: "Callable[[Pcm], Stream]", raw: "Pcm | None", patience: float) -> None:
    """Processes a live sound until standard input ends.

    Args:
        open_stream: opens a stream for a format.
        raw: format of samples without a header; None reads and writes WAV.
        patience: seconds that the other end of a pipe may be idle.

    Raises:
        SpeechganError: standard input is no such sound, or a pipe stalls; the result so far is
            written first, if the output is still read.
        BrokenPipeError: the output is closed.
    """
    from speechgan.audio.pcm import read_header

    for stream, name in ((sys.stdin, "input"), (sys.stdout, "output")):
        if stream.isatty():
            raise SpeechganError(
                f"-: standard {name} is a terminal; connect it to a pipe or a file"
            )
    source = PipeReader(sys.stdin.fileno(), patience)
    target = PipeWriter(sys.stdout.fileno(), patience)
    pcm, left = (raw, None) if raw else read_header(source.read)
    if raw is None:
        target.write(pcm.header(left))
    stream = open_stream(pcm)
    rest, stalled = b"", None
    while left is None or left > 0:
        try:
            data = source.read_some(READ_BYTES if left is None else min(left, READ_BYTES))
        except StalledError as error:
            stalled = error
            break
        if not data:
            break
        left = None if left is None else left - len(data)
        data = rest + data
        whole = len(data) - len(data) % pcm.step
        rest = data[whole:]
        target.write(pcm.encode(stream(pcm.decode(data[:whole]))))
    target.write(pcm.encode(stream.flush()))
    if stalled:
        raise stalled


class PipeReader:
    """Reads the bytes that are available, without waiting for more."""

    def __init__(self, descriptor: int, patience: float) -> None:
        self.descriptor, self.patience = descriptor, patience

    def read_some(self, most: int) -> bytes:
        """Up to so many bytes, as soon as there are any; none at the end.

        Raises:
            StalledError: nothing arrives in time.
        """
        if not _wait_for(self.descriptor, "r", self.patience):
            raise StalledError(
                f"-: standard input gave nothing for {self.patience:g} s; the stream ends here "
                "(--patience waits longer)"
            )
        return os.read(self.descriptor, most)

    def read(self, count: int) -> bytes:
        """So many bytes, or fewer at the end."""
        data = b""
        while len(data) < count and (more := self.read_some(count - len(data))):
            data += more
        return data


class PipeWriter:
    """Writes without buffering."""

    def __init__(self, descriptor: int, patience: float) -> None:
        self.descriptor, self.patience = descriptor, patience

    def write(self, data: bytes) -> None:
        """Writes all of it.

        Raises:
            StalledError: the pipe accepts nothing in time.
            BrokenPipeError: the other end is closed.
        """
        rest = memoryview(data)
        while rest:
            if not _wait_for(self.descriptor, "w", self.patience):
                raise StalledError(
                    f"-: nobody took standard output for {self.patience:g} s; the stream ends here "
                    "(--patience waits longer)"
                )
            rest = rest[os.write(self.descriptor, rest[:_WRITE_BYTES]) :]


def _wait_for(descriptor: int, mode: str, seconds: float) -> bool:
    """Whether a pipe is ready to be read or written within some time."""
    if not _SELECTS_PIPES:
        return True
    ready = ([descriptor], []) if mode == "r" else ([], [descriptor])
    return any(select.select(*ready, [], seconds))


def _parse_seconds(text: str) -> float:
    return parse_number(text, "a number of seconds")


def _parse_raw(text: str) -> "Pcm":
    from speechgan.audio.pcm import Pcm

    try:
        return Pcm.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
