"""A file in, a file out: received, refused or worked on, and sent, each within its limit."""

import asyncio
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import BinaryIO

from fastapi import HTTPException, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from speechgan.audio import Reader
from speechgan.inference.sound_files import WrittenFile
from speechgan.service.limits import Limits, weigh
from speechgan.service.wishes import FileWork
from speechgan.service.work import ClientGoneError, WorkLine, unless_gone
from speechgan.utils.errors import SpeechganError, UnwritableError

PIECE = 2**16
MEDIA_TYPES = {"wav": "audio/wav", "flac": "audio/flac"}


class FileAnswer(Response):
    """A file that has no name any more: however its sending ends, nothing of it stays.

    Args:
        file: open at its beginning; is closed.
        media_type: for the client.
        seconds: that sending may take; a client that reads more slowly is cut off.
    """

    def __init__(self, file: BinaryIO, media_type: str, seconds: float) -> None:
        super().__init__(media_type=media_type)
        self.headers["content-length"] = str(os.fstat(file.fileno()).st_size)
        self.file, self.seconds = file, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # An answer that stays without its end is what makes the server close the connection.
        with self.file, suppress(TimeoutError):
            async with asyncio.timeout(self.seconds):
                start = {"status": self.status_code, "headers": self.raw_headers}
                await send({"type": "http.response.start", **start})
                while piece := self.file.read(PIECE):
                    more = {"body": piece, "more_body": True}
                    await send({"type": "http.response.body", **more})
                await send({"type": "http.response.body"})


async def answer_with_file(
    request: Request, work: FileWork, kind: str, line: WorkLine, limits: Limits
) -> tuple[FileAnswer, WrittenFile]:
    """Receives a request's body, and makes a file of it.

    Args:
        request: whose body is a sound file.
        work: what is done to it.
        kind: "wav" or "flac".
        line: where the work is done.
        limits: of the body and of the sound in it.

    Raises:
        HTTPException: 408, 413, 422 or 507, with one line, where there is one that of the command
            line.
        BusyError: there is no place in the line.
        ClientGoneError: nobody waits any more.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        reason = "upload: a form; send the file as the body, as curl --data-binary @FILE does"
        raise HTTPException(422, reason)
    line.require_place()
    with tempfile.TemporaryDirectory(prefix="speechgan-") as name:
        folder = Path(name)
        source, target = folder / "upload", folder / f"answer.{kind}"
        await _receive(request, source, limits)

        def run(stop: Event) -> WrittenFile:
            def check(seconds: float) -> None:
                if stop.is_set():
                    raise ClientGoneError

            _require_short(source, limits)
            return work(source, target, check)

        try:
            written = await unless_gone(line.run(run), request.receive)
        except SpeechganError as error:
            status = 507 if isinstance(error, UnwritableError) else 422
            # Where the files lie is nobody's business.
            raise HTTPException(status, str(error).replace(f"{folder}{os.sep}", "")) from None
        file = target.open("rb")
    return FileAnswer(file, MEDIA_TYPES[kind], limits.transfer_seconds), written


async def _receive(request: Request, path: Path, limits: Limits) -> None:
    """Writes the body to a file, and no more of it than is allowed."""
    too_large = HTTPException(413, f"upload: larger than {limits.body_bytes} bytes; send less")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.body_bytes:
        raise too_large
    received = 0
    try:
        async with asyncio.timeout(limits.transfer_seconds):
            with path.open("wb") as file:
                async for piece in request.stream():
                    received += len(piece)
                    if received > limits.body_bytes:
                        raise too_large
                    file.write(piece)
    except TimeoutError:
        reason = f"upload: not complete after {limits.transfer_seconds:g} s; send less or faster"
        raise HTTPException(408, reason, {"Connection": "close"}) from None
    except OSError as error:
        reason = f"upload: cannot be kept ({error.strerror}); try again later, or send less"
        raise HTTPException(507, reason) from None


def _require_short(path: Path, limits: Limits) -> None:
    """Refuses, by its header alone, a sound that is longer than is allowed.

    Of what a header hides, nothing is decoded: reading ends where the header says that it does.
    """
    with Reader(path) as reader:
        if weigh(reader.samples, reader.sample_rate, reader.channels) > limits.sound_seconds:
            raise HTTPException(
                413,
                f"upload: longer than {limits.sound_seconds:g} s, its channels counted one after "
                "the other; send it in parts",
            )
