"""The page put together, and the application that serves it."""

import os
from importlib.resources import files
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, WebSocket
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from speechgan.page.compare import CompareTab
from speechgan.page.convert import ConvertTab
from speechgan.page.enhance import EnhanceTab
from speechgan.page.generate import GenerateTab
from speechgan.page.live import LiveTab
from speechgan.page.parts import Page, Tab
from speechgan.service.limits import CallRate
from speechgan.service.security import Access, Guard
from speechgan.service.stream import Streams

TABS: tuple[type[Tab], ...] = (EnhanceTab, ConvertTab, GenerateTab, CompareTab, LiveTab)
KEPT_SECONDS = 600
"""That a file of a visitor who stays is kept."""
ABOUT = """# speechgan
What you bring stays on the machine that serves this page, and is removed when you leave it.
"""
STATIC = Path(str(files(__package__).joinpath("static")))
HEAD = '<script type="module" src="page/live.js"></script>'
# The page's own scripts and styles are partly inside its HTML; nothing comes from elsewhere.
POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; connect-src 'self' data: blob: ws: wss:; "
    "frame-ancestors 'self'; form-action 'self'"
)
# Of Gradio, and nothing for this page: fetching from other servers, keeping states on the disk.
UNUSED = tuple(
    f"/gradio_api/{name}" for name in ("file=http", "proxy=", "deep_link", "run-history", "vibe")
)


def make_app(page: Page, access: Access, waiting: int = 16) -> ASGIApp:
    """The ASGI application of a page.

    Args:
        page: what its tabs share; Gradio's own files come to lie in its folder too.
        access: who may call.
        waiting: how many recordings may wait before those that are worked on.
    """
    # Where Gradio puts uploads; it has no other way to be told.
    os.environ["GRADIO_TEMP_DIR"] = str(page.visits.folder)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/page", StaticFiles(directory=STATIC))
    streams = Streams(page.models, page.limits)

    @app.websocket("/stream")
    async def stream(socket: WebSocket) -> None:
        await streams.serve(socket)

    blocks = _make_blocks(page).queue(max_size=waiting)
    gr.mount_gradio_app(
        app,
        blocks,
        "/",
        footer_links=[],
        run_history=False,
        max_file_size=page.limits.body_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        theme=gr.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        css_paths=[STATIC / "page.css"],
        head=HEAD,
    )
    return Guard(Sealed(app), access, CallRate(page.limits.calls_per_minute))


def _make_blocks(page: Page) -> gr.Blocks:
    # Gradio ages files by their creation; whoever leaves takes theirs along before.
    with gr.Blocks(
        analytics_enabled=False, title="speechgan", delete_cache=(60, KEPT_SECONDS)
    ) as blocks:
        gr.Markdown(ABOUT)
        with gr.Tabs(overflow_behavior="wrap"):
            for tab in (kind(page) for kind in TABS):
                if tab.is_of_use:
                    with gr.Tab(tab.title):
                        tab.show()
        blocks.unload(page.visits.end)
    return blocks


class Sealed:
    """An ASGI application with what lies outside it shut out.

    The browser is told to load nothing from other servers and to be in no other server's frame;
    what of Gradio would fetch from elsewhere, or keep what visitors did, is not there.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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

        if scope["path"].startswith(UNUSED):
            await PlainTextResponse("not found", 404)(scope, receive, add_headers)
        else:
            await self.app(scope, receive, add_headers)
