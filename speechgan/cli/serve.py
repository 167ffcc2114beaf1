"""`speechgan serve`: enhancement and conversion for other programs, over HTTP and WebSocket."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from speechgan.cli.jobs import parse_count, parse_number
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
    add = parser.add_argument
    add("--listen", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    add("--port", type=parse_count, default=8000, help="default: 8000; 0 takes a free one")
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
        "--allow-host",
        nargs="+",
        default=[],
        metavar="NAME",
        help="names under which the server may be called, beside localhost and its address",
    )
    add(
        "--allow-origin",
        nargs="+",
        default=[],
        metavar="URL",
        help="web pages of other servers that may call, such as https://example.org",
    )
    add("--jobs", type=_parse_positive, metavar="N", help="files at a time (default: the cores)")
    add("--threads", type=_parse_positive, default=1, metavar="N", help="of each (default: 1)")
    add(
        "--waiting",
        type=parse_count,
        default=16,
        metavar="N",
        help="files that may wait; the next is answered 429 (default: 16)",
    )
    _add_limits(parser)


def _add_limits(parser: argparse.ArgumentParser) -> None:
    usual = Limits()
    for name, metavar, summary in (
        ("body_bytes", "BYTES", "of an uploaded file"),
        ("sound_seconds", "SECONDS", "of a file, its channels counted one after the other"),
        ("transfer_seconds", "SECONDS", "for an upload, and for an answer"),
        ("idle_seconds", "SECONDS", "that a client may say nothing"),
        ("stream_seconds", "SECONDS", "of a stream"),
        ("streams", "N", "open at a time"),
        ("connections", "N", "open at a time"),
        ("calls_per_minute", "N", "of one address"),
    ):
        default = getattr(usual, name)
        parser.add_argument(
            f"--max-{name.replace('_', '-')}",
            dest=name,
            type=_parse_positive if isinstance(default, int) else _parse_seconds,
            default=default,
            metavar=metavar,
            help=f"{summary} (default: {default:.0f})",
        )


def run(arguments: argparse.Namespace) -> int:
    """Serves until it is told to end.

    Raises:
        SpeechganError: a model that cannot be loaded, a token that cannot be read, a port that is
            none.
    """
    from speechgan.service.app import Service
    from speechgan.service.models import Models
    from speechgan.service.server import make_server
    from speechgan.service.work import WorkLine
    from speechgan.utils.workers import count_cores

    if arguments.port > 65535:
        raise SpeechganError(f"--port {arguments.port}: must be 0 to 65535")
    access = _choose_access(arguments)
    limits = Limits(**{name: getattr(arguments, name) for name in Limits.__dataclass_fields__})
    line = WorkLine(arguments.jobs or count_cores(), arguments.waiting)
    service = Service(Models(arguments.model, arguments.threads), line, limits, access)
    make_server(service, arguments.listen, arguments.port).run()
    return 0


def _choose_access(arguments: argparse.Namespace) -> "Access":
    from speechgan.service.security import LOCAL_HOSTS, Access

    names = {name.lower() for name in (arguments.listen, *arguments.allow_host)}
    origins = frozenset(origin.lower().rstrip("/") for origin in arguments.allow_origin)
    return Access(LOCAL_HOSTS | names, origins, _read_token(arguments.token_file))


def _read_token(path: Path | None) -> str | None:
    """Of a file, or of the environment.

    Raises:
        SpeechganError: unreadable, empty, or not of the letters that a header takes.
    """
    if path is None and TOKEN not in os.environ:
        return None
    try:
        token = os.environ[TOKEN] if path is None else path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise SpeechganError(f"{path}: cannot be read ({reason}); check the token's file") from None
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise SpeechganError(f"{path or TOKEN}: a token is ASCII text, not empty; write a new one")
    return token


def _parse_positive(text: str) -> int:
    count = parse_count(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or more")
    return count


def _parse_seconds(text: str) -> float:
    return parse_number(text, "a number of seconds")
