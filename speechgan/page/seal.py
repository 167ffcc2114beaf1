"""Protects the page: no requests to other servers, no request bodies without a limit."""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page's own scripts and styles are partly inline; nothing is loaded from other servers.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' data: blob: ws: wss:; "
    "frame-ancestors 'self'; form-action 'self'"
)
UPLOAD = "/gradio_api/upload"
# Gradio's functions that fetch from other servers or store states, which this page does not use.
UNUSED = tuple(
    f"/gradio_api/{name}" for name in ("file=http", "proxy=", "deep_link", "run-history", "vibe")
)
MOST_SETTINGS = 2**16
"""Most bytes of a body that is no upload, and of an upload's overhead."""


class Sealed:
    """An ASGI application with protection.

    Headers forbid the browser to load anything from other servers, and other servers to embed the
    page in a frame; Gradio's functions that fetch from elsewhere, or store visitors' actions, are
    blocked.

    Args:
        app: the application.
        upload_bytes: limit of an upload; Gradio limits each file, but not their number in a body.
    """

    def __init__(self, app: ASGIApp, upload_bytes: int) -> None:
        self.app, self.upload_bytes = app, upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Referrer-Policy"] = "no-referrer"
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        async def refuse(status: int, reason: str) -> None:
            await PlainTextResponse(reason, status)(scope, receive, add_headers)

        if scope["path"].startswith(UNUSED):
            await refuse(404, "not found")
        elif scope["path"].rstrip("/") == UPLOAD:
            most = self.upload_bytes + MOST_SETTINGS
            headers = Headers(scope=scope)
            declared = headers.get("content-length", "")
            # The size must be known before the body, and browsers always send it; with a chunked
            # body the header would have no effect.
            if not declared.isdecimal() or "transfer-encoding" in headers:
                await refuse(411, "upload: its length is not declared")
            elif int(declared) > most:
                await refuse(413, f"maximum allowed size of {self.upload_bytes} bytes exceeded")
            else:
                await self.app(scope, receive, add_headers)
        elif scope["method"] == "POST":
            body = await _read(receive)
            if body is None:
                await refuse(413, "settings: too long")
            elif _names_other_server(body):
                await refuse(403, "a recording is uploaded, and not fetched from elsewhere")
            else:
                await self.app(scope, _replay(body, receive), add_headers)
        else:
            await self.app(scope, receive, add_headers)


async def _read(receive: Receive) -> bytes | None:
    """A whole body; None if it is too long, or if the client has disconnected."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or len(body) > MOST_SETTINGS:
            return None
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was already read."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _names_other_server(body: bytes) -> bool:
    """Whether a file is given by a URL, which Gradio would fetch whatever its size."""
    found = False

    def look(pairs: dict[str, Any]) -> dict[str, Any]:
        nonlocal found
        found |= str(pairs.get("path", "")).strip().lower().startswith("http")
        return pairs

    try:
        json.loads(body, object_hook=look)
    except (ValueError, RecursionError):
        return False  # Gradio refuses it too
    return found
