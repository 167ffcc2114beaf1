"""The page as a whole, and the application that serves it."""

import os
from importlib.resources import files
from pathlib import Path

import gradio as gr
from fastapi import FastAPI, WebSocket
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from speechgan.page.compare import CompareTab
from speechgan.page.convert import ConvertTab
from speechgan.page.engine import GRAPHS, RUNTIME, list_graphs
from speechgan.page.enhance import EnhanceTab
from speechgan.page.generate import GenerateTab
from speechgan.page.live import LiveTab
from speechgan.page.parts import Page, Tab
from speechgan.page.restore import RestoreTab
from speechgan.page.seal import Sealed
from speechgan.service.limits import CallRate
from speechgan.service.models import Models
from speechgan.service.security import Access, Guard
from speechgan.service.stream import Streams

TABS: tuple[type[Tab], ...] = (EnhanceTab, RestoreTab, ConvertTab, GenerateTab, CompareTab, LiveTab)
KEPT_SECONDS = 600
"""Time for which a present visitor's file is kept after its last use."""
ABOUT = """# speechgan
What you bring stays on the machine that serves this page, and is removed when you leave it.
"""
STATIC = Path(str(files(__package__).joinpath("static")))
HEAD = '<script type="module" src="page/live.js"></script>'


def make_app(page: Page, access: Access, waiting: int = 16) -> ASGIApp:
    """The ASGI application of a page.

    Args:
        page: shared by the tabs; Gradio's own files are stored in its folder too.
        access: rules of access.
        waiting: most recordings in the queue.
    """
    # The folder of uploads, which Gradio takes from the environment only.
    os.environ["GRADIO_TEMP_DIR"] = str(page.visits.folder)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/page", StaticFiles(directory=STATIC))
    if page.engine:
        _add_engine(app, page.engine, page.models)
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
    sealed = Sealed(app, page.limits.body_bytes)
    return Guard(sealed, access, CallRate(page.limits.calls_per_minute))


def _add_engine(app: FastAPI, folder: Path, models: Models) -> None:
    """Serves the files that a browser needs to run models itself."""
    graphs = list_graphs(models.names("enhance", live=True, shipped=True))
    app.mount(f"/{RUNTIME}".rstrip("/"), StaticFiles(directory=folder))

    @app.get(f"/{GRAPHS}{{name}}.onnx")
    async def graph(name: str) -> Response:
        path = graphs.get(name)
        return FileResponse(path) if path else PlainTextResponse("no such model", 404)


def _make_blocks(page: Page) -> gr.Blocks:
    # Gradio removes files some time after their creation; those of visitors who leave go before.
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
