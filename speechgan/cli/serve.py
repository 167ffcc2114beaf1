"""`speechgan serve`: enhancement and conversion for other programs, over HTTP and WebSocket."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.cli.arguments import parse_count, parse_positive
from speechgan.cli.serving import (
    LIMITS,
    add_limits,
    add_place,
    choose_hosts,
    parse_origin,
    require_port,
)
from speechgan.service.limits import Limits
from speechgan.utils.errors import SpeechganError

if TYPE_CHECKING:
    from speechgan.service.security import Access

TOKEN = "SPEECHGAN_TOKEN"
EPILOG = f"""\
examples:
  speechgan serve                                 http://127.0.0.1:8000, for this machine alone
  speechgan serve --model default runs/mine/best
  {TOKEN}=... speechgan serve --listen 0.0.0.0 --allow-host sound.example.org
  curl --data-binary @noisy.wav http://127.0.0.1:8000/enhance -o enhanced.wav

What can be called is shown at /docs. Traffic is not encrypted: for more than this machine, put a
server before it that does TLS.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_place(parser, port=8000)
    add = parser.add_argument
    add(
        "--model",
        nargs="+",
        metavar="NAME|DIR",
        help="those to serve; the first of a task is its default (default: all that ship)",
    )
    add(
        "--token-file",
        type=Path,
        metavar="FILE",
        help=f"with the token that calls must bring; or in {TOKEN} (default: none is needed)",
    )
    add(
        "--allow-origin",
        nargs="+",
        type=parse_origin,
        default=[],
        metavar="URL",
        help="web pages of other servers that may call, such as https://example.org",
    )
    add("--jobs", type=parse_positive, metavar="N", help="files at a time (default: the cores)")
    add("--threads", type=parse_positive, default=1, metavar="N", help="of each (default: 1)")
    add(
        "--waiting",
        type=parse_count,
        default=16,
        metavar="N",
        help="files that may wait; the next is answered 429 (default: 16)",
    )
    add_limits(parser, Limits(), LIMITS)


def run(arguments: argparse.Namespace) -> int:
    """Serves until it is stopped.

    Raises:
        SpeechganError: a model that cannot be loaded, a token that cannot be read, an invalid port.
    """
    from speechgan.service.app import Service
    from speechgan.service.models import Models
    from speechgan.service.server import make_server
    from speechgan.service.work import WorkLine
    from speechgan.utils.workers import count_cores

    require_port(arguments.port)
    access = _choose_access(arguments)
    limits = Limits(**{name: getattr(arguments, name) for name in Limits.__dataclass_fields__})
    line = WorkLine(arguments.jobs or count_cores(), arguments.waiting)
    service = Service(Models(arguments.model, arguments.threads), line, limits, access)
    # Shorter than Python's default, so that threads that answer wait less for those that compute.
    sys.setswitchinterval(0.0005)
    make_server(service, arguments.listen, arguments.port).run()
    return 0


def _choose_access(arguments: argparse.Namespace) -> "Access":
    from speechgan.service.security import Access

    origins, token = frozenset(arguments.allow_origin), _read_token(arguments.token_file)
    return Access(choose_hosts(arguments), origins, token)


def _read_token(path: Path | None) -> str | None:
    """The token from a file or from the environment; None if there is none.

    Raises:
        SpeechganError: unreadable, empty, or with characters that a header cannot have.
    """
    if path is None and TOKEN not in os.environ:
        return None
    try:
        token = os.environ[TOKEN] if path is None else path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SpeechganError(f"{path}: cannot be read ({reason}); check the token's file") from None
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise SpeechganError(f"{path or TOKEN}: a token is ASCII text, not empty; write a new one")
    return token
