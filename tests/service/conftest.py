"""A server, in this process and on a port."""

import asyncio
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from speechgan.service.app import Service
    from speechgan.service.models import Models


@pytest.fixture(scope="session")
def models() -> "Models":
    from speechgan.service.models import Models

    return Models(["default", "quality", "restore", "voices"])


@pytest.fixture(autouse=True)
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files lie in a test."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def make_service(models: "Models") -> Callable[..., "Service"]:
    """Of a `line` of two threads and two that wait, if nothing else is said.

    It is more patient than one that serves strangers: clients of tests may be slow on a machine
    that is busy.
    """

    def make(**settings: Any) -> "Service":
        from speechgan.service.app import Service
        from speechgan.service.limits import Limits
        from speechgan.service.work import WorkLine

        patient = Limits(idle_seconds=600, transfer_seconds=600)
        return Service(**{"models": models, "line": WorkLine(2, 2), "limits": patient} | settings)

    return make


@pytest.fixture
def open_client(make_service: Callable[..., "Service"]) -> Iterator[Callable[..., "TestClient"]]:
    """Clients of a service with such settings."""
    from contextlib import ExitStack

    from fastapi.testclient import TestClient

    from speechgan.service.app import make_app

    with ExitStack() as stack:

        def start(**settings: Any) -> "TestClient":
            app = make_app(make_service(**settings))
            return stack.enter_context(TestClient(app, "http://localhost"))

        yield start


class Clock:
    """Makes loops whose time passes as a test says too; that of others in this process does not.

    Attributes:
        passed: seconds that were let pass.
    """

    def __init__(self) -> None:
        self.passed = 0.0

    def make_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        own = loop.time
        # On this loop alone: a server that went to sleep by a clock that ran ahead would sleep on
        # for all that time, once the clock is put back.
        loop.time = lambda: own() + self.passed  # type: ignore[method-assign]
        return loop


@pytest.fixture
def clock() -> Clock:
    """That of the servers of `listen`."""
    return Clock()


@pytest.fixture
def pass_time(clock: Clock) -> Callable[[float], None]:
    """Lets so many seconds pass for servers, which no client has to keep up with before."""

    def go_on(seconds: float) -> None:
        clock.passed += seconds

    return go_on


@pytest.fixture
def listen(make_service: Callable[..., "Service"], clock: Clock) -> Iterator[Callable[..., int]]:
    """Starts a real server of a service with such settings; its port."""
    running = []

    def start(**settings: Any) -> int:
        from speechgan.service.server import make_server

        server = make_server(make_service(**settings), "127.0.0.1", 0)
        place = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with asyncio.Runner(loop_factory=clock.make_loop) as runner:
                runner.run(server.serve(sockets=[place]))

        thread = threading.Thread(target=serve)
        thread.start()
        running.append((server, thread))
        return int(place.getsockname()[1])

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join()


class Gate:
    """An enhancer that does nothing, until it may.

    Attributes:
        answer: what it makes of every file.
        opened: set when it may go on.
        left: how many files it left unfinished because nobody waited.
    """

    def __init__(self) -> None:
        self.answer, self.opened, self.left = b"done", threading.Event(), 0

    def enhance_file(self, source: Path, target: Path, progress: Any, **_: object) -> Any:
        from speechgan.audio import Format
        from speechgan.inference.sound_files import WrittenFile

        while not self.opened.wait(0.01):
            try:
                progress(0.0)
            except BaseException:
                self.left += 1
                raise
        target.write_bytes(self.answer)
        return WrittenFile(target, 1.0, 16000, 1, Format("WAV", "PCM_16"))


@pytest.fixture
def gate(models: "Models", monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Stands where the enhancers stood."""
    made = Gate()
    monkeypatch.setattr(models, "enhancer", lambda name: made)
    yield made
    made.opened.set()


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    """A second of noise in two channels of 24 bits at 44.1 kHz."""
    path = tmp_path / "noisy.wav"
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (44100, 2))
    soundfile.write(path, noise, 44100, "PCM_24")
    return path
