"""The application: routes and their responses."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect

import speechgan
from speechgan.service.limits import CallRate, Limits
from speechgan.service.metrics import Counted, Metrics
from speechgan.service.models import Models
from speechgan.service.security import Access, Guard
from speechgan.service.sounds import MEDIA_TYPES, answer_with_file
from speechgan.service.stream import Streams, describe
from speechgan.service.wishes import ConvertedFile, EnhancedFile, RestoredFile
from speechgan.service.work import BusyError, ClientGoneError, WorkLine
from speechgan.utils.errors import SpeechganError

WishedFile = EnhancedFile | RestoredFile | ConvertedFile
# nginx's status for a client that closed the connection; it is only counted.
CLIENT_GONE = 499
ABOUT = """\
The body of a call is a sound file as it is, in any format that libsndfile reads; the answer is one
of the same sample rate (but for `/restore`), channels and length. Errors are JSON, one line in
`detail`.

Live sound goes over the WebSocket `/stream`: first a text message such as
`{"sample_rate": 16000, "channels": 1, "encoding": "f32le"}`, with the parameters of `/enhance` or,
where it names a `target_speaker`, of `/convert`; then binary messages of interleaved samples
(`f32le` or `s16le`), each answered by one with the samples that are ready, perhaps none; at last
the text `end`, which is answered by the rest.
"""
BODY = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
ANSWER: dict[str, Any] = {
    "description": "the sound file",
    "content": {media: {} for media in MEDIA_TYPES.values()},
}
FILE: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: ANSWER},
    "openapi_extra": {"requestBody": BODY | {"required": True}},
}


@dataclass
class Service:
    """Objects that all calls share.

    Attributes:
        models: that are served.
        line: threads and queue for files.
        limits, access: of every call.
        metrics: of all calls.
    """

    models: Models
    line: WorkLine
    limits: Limits = field(default_factory=Limits)
    access: Access = field(default_factory=Access)
    metrics: Metrics = field(default_factory=Metrics)


def make_app(service: Service) -> Counted:
    """The ASGI application."""
    app = FastAPI(
        title="speechgan", version=speechgan.__version__, description=ABOUT, redoc_url=None
    )
    streams = Streams(service.models, service.limits)
    _add_sounds(app, service)
    _add_facts(app, service, streams)
    _add_errors(app)

    @app.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await streams.serve(socket)

    if service.access.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(service.access.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )
    guard = Guard(app, service.access, CallRate(service.limits.calls_per_minute))
    return Counted(guard, service.metrics)


def _add_sounds(app: FastAPI, service: Service) -> None:
    async def answer(request: Request, wish: WishedFile, task: str) -> Response:
        # In a thread, as a vocoder may have to be loaded, and streams must not wait for that.
        work = await run_in_threadpool(wish.for_files, service.models)
        made, written = await answer_with_file(
            request, work, wish.format, service.line, service.limits
        )
        service.metrics.add("sound_seconds_total", written.seconds, task=task)
        return made

    @app.post("/enhance", **FILE)
    async def enhance(request: Request, wish: Annotated[EnhancedFile, Query()]) -> Response:
        """Takes the noise out of a recording of speech."""
        return await answer(request, wish, "enhance")

    @app.post("/restore", **FILE)
    async def restore(request: Request, wish: Annotated[RestoredFile, Query()]) -> Response:
        """Gives speech back what a telephone, a codec, lost packets, clipping or noise took.

        A recording of less than 16 kHz comes back at 16 kHz.
        """
        return await answer(request, wish, "restore")

    @app.post("/convert", **FILE)
    async def convert(request: Request, wish: Annotated[ConvertedFile, Query()]) -> Response:
        """Gives a recording of speech another speaker's voice."""
        return await answer(request, wish, "convert")


def _add_facts(app: FastAPI, service: Service, streams: Streams) -> None:
    @app.get("/models")
    async def models() -> list[dict[str, Any]]:
        """The models that are served; `live` ones can follow a stream."""
        return service.models.describe()

    @app.get("/speakers")
    async def speakers(model: str | None = None) -> list[dict[str, Any]]:
        """The voices that a model speaks in."""
        return [speaker.describe() for speaker in service.models.converter(model).speakers]

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the server lives."""
        return {"status": "ok", "version": speechgan.__version__}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """Calls, seconds of sound, and what is going on, for Prometheus."""
        now = {"files_in_line": service.line.held, "streams_open": streams.open}
        return PlainTextResponse(service.metrics.format(now))


def _add_errors(app: FastAPI) -> None:
    def answer(status: int, reason: str, **headers: str) -> JSONResponse:
        return JSONResponse({"detail": reason}, status, headers)

    @app.exception_handler(SpeechganError)
    async def refuse(_: Request, error: SpeechganError) -> JSONResponse:
        return answer(422, str(error))

    @app.exception_handler(RequestValidationError)
    async def refuse_parameter(_: Request, error: RequestValidationError) -> JSONResponse:
        first: Sequence[Any] = error.errors()
        return answer(422, describe(first[0]))

    @app.exception_handler(BusyError)
    async def postpone(_: Request, error: BusyError) -> JSONResponse:
        return answer(429, "all places in the line are taken; try again", **{"Retry-After": "5"})

    @app.exception_handler(ClientGoneError)
    @app.exception_handler(ClientDisconnect)
    async def drop(_: Request, error: Exception) -> Response:
        return Response(status_code=CLIENT_GONE)
