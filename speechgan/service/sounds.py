"""Calls with files: received, checked, processed and sent, each within its limit."""

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
    """A response of a file that is already unlinked, so that it never stays on the disk.

    Args:
        file: open at its beginning; it is closed afterwards.
        media_type: for the client.
        seconds: limit for sending; slower clients are disconnected.
    """

    def __init__(self, file: BinaryIO, media_type: str, seconds: float) -> None:
        super().__init__(media_type=media_type)
        self.headers["content-length"] = str(os.fstat(file.fileno()).st_size)
        self.file, self.seconds = file, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # After a timeout the response stays incomplete, so the server closes the connection.
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
    """Receives a request's body, and processes it to a file.

    Args:
        request: whose body is a sound file.
        work: processes the file.
        kind: "wav" or "flac".
        line: threads and queue for the work.
        limits: of the body and of the sound in it.

    Raises:
        HTTPException: 408, 413, 422 or 507, with a message of one line.
        BusyError: the queue is full.
        ClientGoneError: the client has disconnected.
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
            # Without the server's folder.
            raise HTTPException(status, str(error).replace(f"{folder}{os.sep}", "")) from None
        file = target.open("rb")
    return FileAnswer(file, MEDIA_TYPES[kind], limits.transfer_seconds), written


async def _receive(request: Request, path: Path, limits: Limits) -> None:
    """Writes the body to a file, up to the limit."""
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
    """Refuses a sound that is too long, by its header.

    The header can be trusted for this, as no more than its length is decoded later.
    """
    with Reader(path) as reader:
        if weigh(reader.samples, reader.sample_rate, reader.channels) > limits.sound_seconds:
            raise HTTPException(
                413,
                f"upload: longer than {limits.sound_seconds:g} s, its channels counted one after "
                "the other; send it in parts",
            )
