"""A page on a port of its own, and a browser that visits it."""

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

from speechgan.service.limits import Limits

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as BrowserPage

    from speechgan.page.parts import Page
    from speechgan.service.models import Models

ASSETS = Path(__file__).parents[1] / "assets"
NOISY = ASSETS / "noisy" / "p228_wind.flac"
LIMITS = Limits(2**20, 30.0, idle_seconds=600, transfer_seconds=600, calls_per_minute=10_000)
"""Narrow, but patient: visitors are slow on a machine that is busy."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(scope="session")
def models() -> "Models":
    from speechgan.service.models import Models

    return Models(["default", "tiny", "restore", "voices"])


@pytest.fixture(scope="session")
def runtime() -> Path | str:
    """The folder of onnxruntime-web, fetched where it was not yet, or why there is none."""
    from speechgan.page.runtime import fetch_runtime
    from speechgan.utils.errors import SpeechganError

    try:
        return fetch_runtime()
    except SpeechganError as error:
        return str(error)


@pytest.fixture
def engine(runtime: Path | str) -> Path:
    """The same, for tests that need it."""
    if isinstance(runtime, str):
        pytest.skip(f"no engine for the browser: {runtime}")
    return runtime


@pytest.fixture(scope="session")
def page_parts(
    models: "Models", runtime: Path | str, tmp_path_factory: pytest.TempPathFactory
) -> "Page":
    """What the tabs of the page share, within narrow limits."""
    from speechgan.page.parts import Page
    from speechgan.page.visits import Visits

    folder = tmp_path_factory.mktemp("visits")
    engine = runtime if isinstance(runtime, Path) else None
    return Page(models, LIMITS, Visits(folder), 2, engine)


@pytest.fixture(scope="session")
def address(page_parts: "Page") -> Iterator[str]:
    """Of the page, served."""
    from speechgan.page.app import make_app
    from speechgan.service.security import Access
    from speechgan.service.server import bound_server

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", "")  # is put back at the end
        app = make_app(page_parts, Access())
        server = bound_server(app, page_parts.limits, "127.0.0.1", 0, last_seconds=1)
        place = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is said into the browser's microphone, once from each time that it is opened."""
    path = tmp_path_factory.mktemp("microphone") / "noisy.wav"
    wave, rate = soundfile.read(NOISY)
    soundfile.write(path, wave, rate, "PCM_16")
    return path


@pytest.fixture(scope="session")
def browser(microphone: Path) -> Iterator["Browser"]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    with sync_api.sync_playwright() as playwright:
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: "Browser", address: str) -> Iterator[Callable[..., "BrowserPage"]]:
    """Opens the page in a window of some width, as a visitor of its own.

    No request leaves for another server, and no script fails, whatever a test does.
    """
    contexts: list[Any] = []
    strange: list[str] = []

    def note(url: str) -> None:
        if not url.startswith((address, address.replace("http", "ws"), "blob:", "data:")):
            strange.append(url)

    def open_page(width: int = 1400, height: int = 1000) -> "BrowserPage":
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("requestfinished", lambda request: note(request.url))
        page.on("requestfailed", lambda request: request.failure == "csp" or note(request.url))
        page.on("websocket", lambda web_socket: note(web_socket.url))
        page.on("pageerror", lambda error: strange.append(str(error)))
        page.goto(address)
        page.get_by_role("tab", name="Enhance").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert strange == []


@pytest.fixture
def bad_files(tmp_path: Path) -> dict[str, Path]:
    """Files that are no recording to work on, by what is wrong with them."""
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, 16000).astype(np.float32)
    broken = noise.copy()
    broken[8000] = np.nan
    waves = {
        "silent": np.zeros(16000, np.float32),
        "broken": broken,
        "empty": noise[:0],
        "long": np.tile(noise[:8000], 31),
    }
    files = {}
    for name, wave in waves.items():
        files[name] = tmp_path / f"{name}.wav"
        rate = 8000 if name == "long" else 16000
        soundfile.write(files[name], wave, rate, "PCM_16" if name == "long" else "FLOAT")
    files["text"] = tmp_path / "<b>text.wav"
    files["text"].write_text("not a sound")
    files["large"] = tmp_path / "large.wav"
    soundfile.write(files["large"], np.tile(noise, 18), 16000, "FLOAT")
    return files
