"""Downloads of large files over HTTP, resumed after interruptions."""

import http.client
import logging
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import speechgan
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import cannot_write

log = logging.getLogger(__name__)

PIECE = 2**18
PATIENCE = 60.0
"""Timeout of a connection without data, in seconds."""
TRIES = 5
"""Attempts in a row without progress."""
PAUSE = 1.0
"""Seconds before the second attempt; it doubles with each further one."""
LONGEST_PAUSE = 30.0
"""Longest pause, in seconds."""
TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


class BrokenError(Exception):
    """A temporary failure, after which the download is tried again."""


def require_web(url: str) -> str:
    """Checks that a URL is of the web, and returns it.

    Raises:
        SpeechganError: it is not http or https, or names no server.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        fits = None
    if not fits:
        raise SpeechganError(f"{url}: not an address of the web; give https://... or http://...")
    return url


def download(url: str, part: Path, size: int | None, progress: Callable[[int], None]) -> None:
    """Downloads a file, or the rest of it.

    Proxies are those of the environment.

    Args:
        url: http or https.
        part: the file; what it holds is kept, and only the rest requested, if the server can do
            that.
        size: in bytes; None if only the server knows.
        progress: called with the number of bytes in the file.

    Raises:
        SpeechganError: no such file, an unexpected one, repeated failures of the connection, or the
            file cannot be written. What is downloaded is kept.
    """
    require_web(url)
    most, failures = _length(part), 0
    while True:
        try:
            _go_on(url, part, size, progress)
            return
        except BrokenError as error:
            # Only new bytes reset the count, or a server that always restarts from the beginning
            # and always breaks off would never end it.
            failures = 1 if _length(part) > most else failures + 1
            most = max(most, _length(part))
            if failures >= TRIES:
                raise SpeechganError(
                    f"{url}: {error}, {TRIES} times; {_length(part) / 1e6:.1f} MB are kept, and "
                    "the same command goes on from there"
                ) from None
            pause = min(PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
            log.warning("%s: %s; trying again in %g s", part.name, error, pause)
        time.sleep(pause)


def _go_on(url: str, part: Path, size: int | None, progress: Callable[[int], None]) -> None:
    have = _length(part)
    if have == size:
        return
    if size is not None and have > size:
        raise SpeechganError(f"{part}: longer than the {size} bytes to be; remove it")
    agent = {"User-Agent": f"speechgan/{speechgan.__version__}", "Accept-Encoding": "identity"}
    headers = agent | ({"Range": f"bytes={have}-"} if have else {})
    try:
        answer = _opener().open(urllib.request.Request(url, headers=headers), timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        _judge(url, part, have, error)
        return
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise SpeechganError(f"{url}: its certificate is not valid ({reason})") from None
        raise BrokenError(f"no connection ({_tell(reason)})") from None
    with answer:
        begin = _find_begin(answer, part, have)
        total = _require_expected(url, answer, begin, size)
        _write(answer, part, begin, progress)
    if total is not None and _length(part) < total:
        raise BrokenError("the connection broke off")


def _judge(url: str, part: Path, have: int, error: urllib.error.HTTPError) -> None:
    """Raises the error that an HTTP error status stands for; none if the file is complete."""
    if error.code in TRY_AGAIN:
        raise BrokenError(f"the server says {error.code}, {error.reason}") from None
    if error.code == 416 and have:
        # The requested range begins after the end, so the file is complete or too long.
        end = re.fullmatch(r"bytes \*/(\d+)", error.headers.get("Content-Range", ""))
        if end and int(end[1]) == have:
            return
        raise SpeechganError(f"{part}: longer than the server's file; remove it") from None
    raise SpeechganError(
        f"{url}: the server says {error.code}, {error.reason}; try --mirror with another server"
    ) from None


def _find_begin(answer: Any, part: Path, have: int) -> int:
    """The offset of a response's first byte."""
    if answer.status != 206:
        if have:
            log.warning("%s: this server cannot go on; beginning anew", part.name)
        return 0
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if not found or int(found[1]) != have:
        raise BrokenError("the server sent another part than was asked for")
    return have


def _require_expected(url: str, answer: Any, begin: int, size: int | None) -> int | None:
    """The file's length in bytes, if the response's headers fit the expected file."""
    if answer.headers.get_content_type() == "text/html":
        raise SpeechganError(f"{url}: a page, and no archive; try --mirror with another server")
    told = answer.headers.get("Content-Length", "")
    total = begin + int(told) if told.isdecimal() else None
    if size is not None and total is not None and total != size:
        raise SpeechganError(
            f"{url}: {total} bytes there, and {size} published; try --mirror with another server"
        )
    return total if size is None else size


def _write(answer: Any, part: Path, begin: int, progress: Callable[[int], None]) -> None:
    """Appends the response's content, as far as it arrives."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("ab" if begin else "wb")
    except OSError as error:
        raise cannot_write(part, error) from None
    with file:
        progress(begin)
        while True:
            try:
                piece = answer.read1(PIECE)
            except (OSError, http.client.HTTPException) as error:
                raise BrokenError(f"the connection broke off ({_tell(error)})") from None
            if not piece:
                return
            try:
                file.write(piece)
                file.flush()
            except OSError as error:
                raise cannot_write(part, error) from None
            progress(file.tell())


def _opener() -> urllib.request.OpenerDirector:
    """An opener of http and https only, also after redirects."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tell(error: object) -> str:
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or "no reason given"
