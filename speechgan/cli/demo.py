"""`speechgan demo`: a web page that enhances, converts and generates."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from speechgan.cli.arguments import parse_positive
from speechgan.cli.serving import (
    LIMITS,
    add_limits,
    add_place,
    choose_hosts,
    require_port,
)
from speechgan.service.limits import Limits
from speechgan.utils.errors import SpeechganError

EPILOG = """\
examples:
  speechgan demo                                  http://127.0.0.1:7860, for this machine alone
  speechgan demo --model default runs/mine/best voices
  speechgan demo --browser-engine                 the tab Live without a server, once fetched
  speechgan demo --listen 0.0.0.0 --allow-host sound.example.org

What visitors bring lies in a private temporary folder, and is removed when they leave the page, at
the latest ten minutes after it was used. Traffic is not encrypted, and without encryption browsers
give a microphone to this machine's own pages only: for more, put a server before it that does TLS.
"""
USUAL = Limits(sound_seconds=600.0, calls_per_minute=1200)
# Gradio handles uploads and answers, without a time limit of ours.
LIMITED = [name for name in LIMITS if name != "transfer_seconds"]
LAST_SECONDS = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_place(parser, port=7860)
    add = parser.add_argument
    add(
        "--model",
        nargs="+",
        metavar="NAME|DIR",
        help="those to choose from, the first of a task first (default: all that ship)",
    )
    add(
        "--jobs", type=parse_positive, metavar="N", help="recordings at a time (default: the cores)"
    )
    add("--threads", type=parse_positive, default=1, metavar="N", help="of each (default: 1)")
    add(
        "--waiting",
        type=parse_positive,
        default=16,
        metavar="N",
        help="recordings that may wait; the next is told to come again (default: 16)",
    )
    add(
        "--browser-engine",
        action="store_true",
        help="fetch onnxruntime-web from the npm registry, 33 MB, once: with it the tab Live "
        "offers models that run in the browser, whose sound never leaves it",
    )
    add_limits(parser, USUAL, LIMITED)


def run(arguments: argparse.Namespace) -> int:
    """Serves the page until it is stopped.

    Raises:
        SpeechganError: a model that cannot be loaded, an invalid port.
    """
    with tempfile.TemporaryDirectory(prefix="speechgan-page-") as folder:
        # Gradio reads it on import, and makes folders there.
        os.environ["GRADIO_TEMP_DIR"] = folder
        _serve(arguments, Path(folder).resolve())
    return 0


def _serve(arguments: argparse.Namespace, folder: Path) -> None:
    # Imported first: if the extra is not installed, the error names this package.
    import gradio  # noqa: F401, I001
    from speechgan.page.app import make_app
    from speechgan.page.parts import Page
    from speechgan.page.runtime import find_runtime
    from speechgan.page.visits import Visits
    from speechgan.service.models import Models
    from speechgan.service.security import Access
    from speechgan.service.server import bound_server
    from speechgan.utils.workers import count_cores

    require_port(arguments.port)
    limits = Limits(**{name: getattr(arguments, name) for name in LIMITED})
    models = Models(arguments.model, arguments.threads)
    engine = _try_to_fetch() if arguments.browser_engine else find_runtime()
    page = Page(models, limits, Visits(folder), arguments.jobs or count_cores(), engine)
    app = make_app(page, Access(choose_hosts(arguments)), arguments.waiting)
    # At the end, the open connections of visitors are not waited for.
    bound_server(app, limits, arguments.listen, arguments.port, LAST_SECONDS).run()


def _try_to_fetch() -> Path | None:
    """Fetches the browser's engine; on failure the rest of the page still works."""
    from speechgan.page.runtime import fetch_runtime

    try:
        return fetch_runtime()
    except SpeechganError as error:
        print(f"speechgan: no engine for the browser: {error}", file=sys.stderr)
        return None
