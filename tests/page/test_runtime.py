"""onnxruntime-web fetched from a registry: what is not the pinned file is told, and not kept."""

import base64
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from speechgan.page import runtime
from speechgan.utils.errors import SpeechganError

NAMES = list(runtime.FILES)


def make_tarball(contents: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """A tarball of files by name, and of symbolic links."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return made.getvalue()


GOOD = {f"package/dist/{name}": name.encode() for name in NAMES}
MORE = {"../escaped": b"0", "/tmp/escaped": b"0", "package/dist/ort.all.js": b"0"}


class Registry:
    """An npm registry with one tarball."""

    body = b""
    declared: int | None = None
    calls = 0

    def pin(self, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
        """Has a tarball, and lets it be the one that is known."""
        self.body = body
        digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
        monkeypatch.setattr(runtime, "INTEGRITY", digest)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def registry(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    made = Registry()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.calls += 1
            if self.path != f"/onnxruntime-web/-/onnxruntime-web-{runtime.VERSION}.tgz":
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(made.declared or len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield made
    server.shutdown()
    server.server_close()


def require_refused(cache: Path, *words: str) -> None:
    """It is refused in one line with these words, and nothing is left."""
    with pytest.raises(SpeechganError) as caught:
        runtime.fetch_runtime()
    message = str(caught.value)
    assert "\n" not in message and all(word in message for word in words), message
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    assert runtime.find_runtime() is None


def test_two_files_and_the_licence_are_kept(
    registry: Registry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runtime.find_runtime() is None
    registry.pin(monkeypatch, make_tarball(GOOD | MORE))
    folder = runtime.fetch_runtime()
    assert folder == runtime.find_runtime() == runtime.runtime_folder()
    assert {path.name for path in cache.rglob("*") if path.is_file()} == {*NAMES, "LICENSE"}
    assert all((folder / name).read_bytes() == name.encode() for name in NAMES)
    assert not Path("/tmp/escaped").exists()
    assert runtime.fetch_runtime() == folder and registry.calls == 1


def test_another_file_than_was_pinned_is_refused(registry: Registry, cache: Path) -> None:
    registry.body = make_tarball(GOOD)
    require_refused(cache, "SHA-512", "npm_config_registry")


def test_a_tarball_that_breaks_off_is_refused(
    registry: Registry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_tarball(GOOD)
    registry.pin(monkeypatch, whole)
    registry.body, registry.declared = whole[: len(whole) // 2], len(whole)
    require_refused(cache, "SHA-512")
    # Even one that was pinned so.
    registry.declared = None
    registry.pin(monkeypatch, registry.body)
    require_refused(cache, "no whole tarball")


def test_what_is_too_large_is_refused(
    registry: Registry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.pin(monkeypatch, make_tarball(GOOD))
    monkeypatch.setattr(runtime, "LARGEST_TARBALL", 100)
    require_refused(cache, "larger than 100 bytes")
    monkeypatch.setattr(runtime, "LARGEST_TARBALL", 10_000)
    monkeypatch.setitem(runtime.FILES, NAMES[1], 3)
    require_refused(cache, NAMES[1], "size")


def test_links_and_lacking_files_are_refused(
    registry: Registry, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = GOOD
    link = make_tarball({first: b"0"}, {second: "/etc/passwd"})
    registry.pin(monkeypatch, link)
    require_refused(cache, NAMES[1], "is no file")
    registry.pin(monkeypatch, make_tarball({first: b"0"}))
    require_refused(cache, "lacks", NAMES[1])


def test_no_registry_is_told(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    require_refused(cache, "cannot be fetched", "npm_config_registry")
    monkeypatch.setenv("npm_config_registry", "file:///etc")
    require_refused(cache, "must begin with https://")
