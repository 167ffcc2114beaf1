"""A stream from standard input to standard output, as it comes."""

import os
import select
import sys
from collections.abc import Callable

from speechgan.audio.pcm import Pcm, read_header
from speechgan.inference.enhancement.streaming import Stream
from speechgan.utils.errors import SpeechganError

READ_BYTES = 2**16


class StalledError(SpeechganError):
    """The other end of a pipe does nothing for too long."""


def enhance_live(open_stream: Callable[[Pcm], Stream], raw: Pcm | None, patience: float) -> None:
    """Enhances until standard input ends.

    Args:
        open_stream: the beginning of a sound of some format.
        raw: format of samples without a header; None reads and writes WAV.
        patience: seconds that the other end of a pipe may do nothing.

    Raises:
        SpeechganError: standard input is no such sound, or a pipe stalls; what was heard until
            then is written first, if there is still somebody who takes it.
        BrokenPipeError: nobody reads the output any more.
    """
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
    """What is there, without waiting for more."""

    def __init__(self, descriptor: int, patience: float) -> None:
        self.descriptor, self.patience = descriptor, patience

    def read_some(self, most: int) -> bytes:
        """Up to so many bytes, as soon as there are any; none at the end.

        Raises:
            StalledError: nothing comes.
        """
        if not select.select([self.descriptor], [], [], self.patience)[0]:
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
    """Writes at once, for whoever waits at the other end."""

    def __init__(self, descriptor: int, patience: float) -> None:
        self.descriptor, self.patience = descriptor, patience

    def write(self, data: bytes) -> None:
        """All of it.

        Raises:
            StalledError: nobody takes it.
            BrokenPipeError: nobody is there.
        """
        rest = memoryview(data)
        while rest:
            if not select.select([], [self.descriptor], [], self.patience)[1]:
                raise StalledError(
                    f"-: nobody took standard output for {self.patience:g} s; the stream ends here "
                    "(--patience waits longer)"
                )
            # So much a pipe that is ready takes without blocking.
            rest = rest[os.write(self.descriptor, rest[: select.PIPE_BUF]) :]
