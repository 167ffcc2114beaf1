"""A server on this machine, that serves files, goes on with them, and breaks off when told."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from speechgan.data.corpora import download

MOVED = {"moved.zip": "/below/a.zip", "ftp.zip": "ftp://127.0.0.1/a.zip"}
"""Where the server sends those who ask for these."""


@dataclass
class Files:
    """What a server has, how it behaves, and what it was asked for.

    Attributes:
        held: content by name.
        breaks: how many bytes to send before each of the next answers breaks off.
        statuses: of the next answers, instead of the file.
        ranges: whether it can go on with a file.
        asked: name and `Range` of each request; the latter "" if there was none.
    """

    held: dict[str, bytes] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    ranges: bool = True
    kind: str = "application/zip"
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""


class Server(ThreadingHTTPServer):
    """Whose clients may leave."""

    def handle_error(self, *_: object) -> None:
        """Says nothing: some tests leave in the middle of an answer."""


def _handler(files: Files) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.rsplit("/", 1)[-1], self.headers.get("Range", "")
            files.asked.append((name, wanted))
            if files.statuses:
                self.send_error(files.statuses.pop(0))
                return
            if name in MOVED:
                self.send_response(302)
                self.send_header("Location", MOVED[name])
                self.end_headers()
                return
            if name not in files.held:
                self.send_error(404)
                return
            data, begin = files.held[name], 0
            if wanted and files.ranges:
                begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if begin >= len(data):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(data)}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            self.send_header("Content-Type", files.kind)
            self.send_header("Content-Length", str(len(data) - begin))
            self.end_headers()
            sent = data[begin:]
            self.wfile.write(sent[: files.breaks.pop(0)] if files.breaks else sent)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """What is served; no test waits between two tries."""
    monkeypatch.setattr(download, "PAUSE", 0.0)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    files = Files()
    server = Server(("127.0.0.1", 0), _handler(files))
    files.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield files
    server.shutdown()
    thread.join()
    server.server_close()
