"""`speechgan demo`: what its arguments come to, who may call, and what is left at its end."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio")

import httpx

from speechgan.cli.main import main
from speechgan.service.limits import Limits

PATIENCE = 120.0
"""Seconds after which a test would hang."""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, ...]]:
    """With what a page would be made, and where it would be served."""
    calls: list[tuple[Any, ...]] = []

    class Server:
        def __init__(self, *arguments: Any) -> None:
            calls.append(arguments)

        def run(self) -> None:
            """At once at its end."""

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("speechgan.page.app.make_app", lambda *arguments: arguments)
    monkeypatch.setattr("speechgan.service.server.bound_server", Server)
    return calls


def test_only_this_machine_may_call_unless_told_otherwise(served: list[Any]) -> None:
    assert main(["demo", "--model", "tiny"]) == 0
    [((page, access, waiting), limits, host, port, _)] = served
    assert (host, port, waiting) == ("127.0.0.1", 7860, 16)
    assert access.hosts == {"127.0.0.1", "localhost", "::1"} and access.origins == set()
    assert page.limits == limits == Limits(sound_seconds=600, calls_per_minute=1200)


def test_arguments_are_heeded(served: list[Any], tmp_path: Path) -> None:
    words = "--model tiny --listen 0.0.0.0 --port 80 --allow-host Sound.example.org --jobs 3"
    words += " --waiting 2 --max-body-bytes 1000 --max-sound-seconds 5 --max-streams 3"
    assert main(["demo", *words.split()]) == 0
    [((page, access, waiting), limits, host, port, _)] = served
    assert (host, port, waiting, page.jobs) == ("0.0.0.0", 80, 2, 3)
    assert {"0.0.0.0", "sound.example.org"} < access.hosts
    assert (limits.body_bytes, limits.sound_seconds, limits.streams) == (1000, 5, 3)
    assert list(tmp_path.iterdir()) == []


def test_without_a_registry_the_page_is_served_all_the_same(
    served: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert main(["demo", "--model", "tiny", "--browser-engine"]) == 0
    [((page, *_), *_)] = served
    [line] = capsys.readouterr().err.splitlines()
    assert page.engine is None and "no engine for the browser" in line and "fetched" in line


FORM = "multipart/form-data; boundary=B"


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    # None of its connections is kept, which the server might close as it is used again.
    kept = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=address, trust_env=False, limits=kept, timeout=PATIENCE) as made:
        yield made


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Host": "evil.example"}, 421), ({"Origin": "http://evil.example"}, 403), ({}, 200)],
)
@pytest.mark.parametrize("path", ["/", "/config", "/page/live.js", "/gradio_api/startup-events"])
def test_no_page_of_another_server_may_call(
    path: str, headers: dict[str, str], status: int, client: httpx.Client
) -> None:
    assert client.get(path, headers=headers).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://example.org/a",
        "/gradio_api/proxy=http://example.org/a",
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/file=/etc/passwd",
        f"/gradio_api/file={Path(__file__)}",
        "/monitoring",
    ],
)
def test_what_lies_outside_the_page_is_not_there(path: str, client: httpx.Client) -> None:
    assert client.get(path).status_code in (401, 403, 404)


def test_what_is_too_large_is_not_kept(client: httpx.Client, page_parts: Any) -> None:
    before = set(page_parts.visits.folder.rglob("*"))
    body = {"files": ("large.wav", b"0" * (page_parts.limits.body_bytes + 1))}
    assert client.post("/gradio_api/upload", files=body).status_code == 413
    left = set(page_parts.visits.folder.rglob("*")) - before
    assert not [path for path in left if path.is_file()]


def test_no_recording_is_fetched_from_elsewhere(client: httpx.Client) -> None:
    file = {"path": "http://example.org/a.wav", "meta": {"_type": "gradio.FileData"}}
    data = {"data": [file], "fn_index": 0, "session_hash": "a"}
    for path in ("/gradio_api/queue/join", "/gradio_api/run/predict"):
        assert client.post(path, json=data).status_code == 403


def test_bodies_end(client: httpx.Client, page_parts: Any) -> None:
    path = "/gradio_api/queue/join"
    assert client.post(path, content=b"[" + b"0," * 2**16).status_code == 413
    assert client.post("/gradio_api/upload", content=iter([b"0"])).status_code == 411
    # Where a body comes in chunks, they end it, and not what else is said of its length.
    lie = {"Transfer-Encoding": "chunked", "Content-Length": "1", "Content-Type": FORM}
    answer = client.post("/gradio_api/upload", content=iter([b"--B--"]), headers=lie)
    assert answer.status_code == 411
    small = b"0" * (page_parts.limits.body_bytes // 2)
    files = [("files", (f"{number}.wav", small)) for number in range(3)]
    assert client.post("/gradio_api/upload", files=files).status_code == 413


def test_a_page_starts_answers_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "speechgan", "demo", "--model", "tiny", "--port", "0"]
    environment = {k: v for k, v in os.environ.items() if k != "GRADIO_TEMP_DIR"}
    environment["TMPDIR"] = str(tmp_path)
    server = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, cwd=tmp_path
    )
    said = ""
    try:
        assert server.stderr is not None
        while not (place := re.search(r"http://127\.0\.0\.1:\d+", said)):
            line = server.stderr.readline()
            assert line, said
            said += line
        assert "speechgan" in httpx.get(place[0], trust_env=False, timeout=PATIENCE).text
        body = {"files": ("secret.wav", b"0")}
        url = f"{place[0]}/gradio_api/upload"
        httpx.post(url, files=body, trust_env=False, timeout=PATIENCE)
        [secret] = tmp_path.rglob("secret.wav")
        folder = secret.relative_to(tmp_path).parts[0]
        assert (tmp_path / folder).stat().st_mode & 0o077 == 0
    finally:
        server.terminate()
        said += server.communicate(timeout=PATIENCE)[1]
    assert "secret" not in said and "Traceback" not in said
    assert server.returncode == 143
    assert list(tmp_path.iterdir()) == []


def test_a_page_needs_nothing_of_the_extra_train() -> None:
    program = (
        "import sys\n"
        "for name in ('torch', 'scipy', 'librosa', 'hydra', 'onnx'):\n"
        "    sys.modules[name] = None\n"
        "from pathlib import Path\n"
        "from speechgan.page.app import make_app\n"
        "from speechgan.page.parts import Page\n"
        "from speechgan.page.visits import Visits\n"
        "from speechgan.service.limits import Limits\n"
        "from speechgan.service.models import Models\n"
        "from speechgan.service.security import Access\n"
        "make_app(Page(Models(['tiny', 'voices']), Limits(), Visits(Path())), Access())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
