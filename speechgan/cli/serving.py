"""Common arguments of the commands that serve: address, host names and limits."""

import argparse
import re
from collections.abc import Iterable

from speechgan.cli.arguments import parse_count, parse_number, parse_positive
from speechgan.service.limits import Limits
from speechgan.utils.errors import SpeechganError

LIMITS = {
    "body_bytes": ("BYTES", "of an uploaded file"),
    "sound_seconds": ("SECONDS", "of a file, its channels counted one after the other"),
    "transfer_seconds": ("SECONDS", "for an upload, and for an answer"),
    "idle_seconds": ("SECONDS", "that a client may say nothing"),
    "stream_seconds": ("SECONDS", "of a stream"),
    "streams": ("N", "open at a time"),
    "connections": ("N", "open at a time"),
    "calls_per_minute": ("N", "of one address"),
}


def add_place(parser: argparse.ArgumentParser, port: int) -> None:
    """Adds address, port, with its default, and host names."""
    add = parser.add_argument
    add("--listen", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1")
    add("--port", type=parse_count, default=port, help=f"default: {port}; 0 takes a free one")
    add(
        "--allow-host",
        nargs="+",
        type=_parse_host,
        default=[],
        metavar="NAME",
        help="names under which the server may be called, beside localhost and its address",
    )


def add_limits(parser: argparse.ArgumentParser, usual: Limits, names: Iterable[str]) -> None:
    """Adds limits by their names; `usual` are the defaults."""
    for name in names:
        metavar, summary = LIMITS[name]
        default = getattr(usual, name)
        parser.add_argument(
            f"--max-{name.replace('_', '-')}",
            dest=name,
            type=parse_positive if isinstance(default, int) else _parse_seconds,
            default=default,
            metavar=metavar,
            help=f"{summary} (default: {default:.0f})",
        )


def choose_hosts(arguments: argparse.Namespace) -> frozenset[str]:
    """The names under which the server may be called."""
    from speechgan.service.security import LOCAL_HOSTS

    return LOCAL_HOSTS | {arguments.listen.lower(), *arguments.allow_host}


def require_port(port: int) -> None:
    """Checks the port.

    Raises:
        SpeechganError: it is above 65535.
    """
    if port > 65535:
        raise SpeechganError(f"--port {port}: must be 0 to 65535")


def _parse_host(text: str) -> str:
    name = text.lower()
    # Without port and brackets, as host names are compared; IPv6 addresses have colons too.
    alone = re.fullmatch(r"[^\s/:\[\]]+|[0-9a-f.]*(:[0-9a-f.]*){2,}", name)
    if not alone:
        raise argparse.ArgumentTypeError(f"{text!r} is not a name alone, as sound.example.org is")
    return name


def parse_origin(text: str) -> str:
    """An origin of web pages, as browsers send it.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    origin = text.lower().rstrip("/")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^\s/]+", origin):
        raise argparse.ArgumentTypeError(f"{text!r} is no origin, as https://example.org is")
    return origin


def _parse_seconds(text: str) -> float:
    return parse_number(text, "a number of seconds")
