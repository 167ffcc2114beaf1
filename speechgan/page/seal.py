"""What lies outside the page, shut out: other servers, and bodies that do not end."""

import json
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The page's own scripts and styles are partly inside its HTML; nothing comes from elsewhere.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' data: blob: ws: wss:; "
    "frame-ancestors 'self'; form-action 'self'"
)
UPLOAD = "/gradio_api/upload"
# Of Gradio, and nothing for this page: fetching from other servers, keeping states on the disk.
UNUSED = tuple(
    f"/gradio_api/{name}" for name in ("file=http", "proxy=", "deep_link", "run-history", "vibe")
)
MOST_SETTINGS = 2**16
"""Bytes of a body that is no upload, and of an upload's own around its file."""


class Sealed:
    """An ASGI application with what lies outside it shut out.

    The browser is told to load nothing from other servers and to be in no other server's frame;
    what of Gradio would fetch from elsewhere, or keep what visitors did, is not there.

    Args:
        app: the application.
        upload_bytes: of a file; Gradio bounds each, but not how many come in one body.
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
            # Without a length there is no telling in time; browsers always send it. Of a body that
            # comes in chunks it says nothing.
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
    """A whole body; None if it is too long, or if its sender is gone."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or len(body) > MOST_SETTINGS:
            return None
        if not message.get("more_body"):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _names_other_server(body: bytes) -> bool:
    """Whether a file is named by its URL, which Gradio would fetch, however large it is."""
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
