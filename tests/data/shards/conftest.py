"""A server of files that answers range requests, and can be told to fail."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from speechgan.data.shards import storage


class FileServer(ThreadingHTTPServer):
    """Serves a folder.

    Attributes:
        url: of the folder.
        requests: paths that were asked for, each time.
        failures: how many requests are still to be refused.
        ranges: whether it answers range requests with a part.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.failures, self.ranges = folder, 0, True
        self.requests: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        if self.server.failures > 0:
            self.server.failures -= 1
            self.send_error(503)
            return
        path = self.server.folder / unquote(self.path).lstrip("/")
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        part = content
        if asked and self.server.ranges:
            part = content[int(asked[1]) : int(asked[2]) + 1]
        self.send_response(200 if part is content else 206)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """Of the test's own folder."""
    pytest.importorskip("aiohttp", reason="needs the extra shards")
    monkeypatch.setattr(storage, "WAITS", (0.0, 0.0, 0.0))
    with FileServer(tmp_path) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()
