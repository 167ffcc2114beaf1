"""Models that run in the visitor's browser: the samples of Python, and no sound sent anywhere."""

import base64
import functools
import re
import shutil
import threading
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile

pytest.importorskip("gradio")

from speechgan import Enhancer
from speechgan.audio import resample
from speechgan.page.engine import describe
from speechgan.pretrained.folder import ONNX, SHIPPED, list_models

if TYPE_CHECKING:
    from playwright.sync_api import Page

Visit = Callable[..., "Page"]
NAME = "p228_wind"
ROOT = Path(__file__).parents[2]
NOISY = ROOT / "tests" / "assets" / "noisy" / f"{NAME}.flac"
RUN = """async ({ text, sampleRate, settings }) => {
    const { Enhancer } = await import("/page/enhance/enhance.js");
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const wave = new Float32Array(bytes.buffer);
    const enhancer = await Enhancer.open({ sampleRate, ...settings });
    const coming = [];
    for (let at = 0, size = 1; at < wave.length; at += size, size = (size * 7) % 1999) {
        coming.push(enhancer.push(wave.slice(at, at + size)));
    }
    coming.push(enhancer.flush());
    const made = (await Promise.all(coming)).flatMap((part) => [...part]);
    enhancer.close();
    const out = new Uint8Array(Float32Array.from(made).buffer);
    const pieces = Array.from({ length: Math.ceil(out.length / 8192) }, (_, k) =>
        String.fromCharCode(...out.subarray(8192 * k, 8192 * (k + 1))));
    return { text: btoa(pieces.join("")), load: enhancer.load };
}"""


def run_in_browser(
    page: "Page", wave: np.ndarray, rate: int, name: str = "default", runtime: str = "runtime"
) -> tuple[np.ndarray, float]:
    """What `enhance.js` makes of a wave, in blocks of many sizes; and its share of a core."""
    settings = {**describe("default"), "runtime": f"engine/{runtime}/"}
    if name != "default":
        settings = describe(name) if name in list_models() else {**settings, "graph": name}
    text = base64.b64encode(wave.astype("<f4").tobytes()).decode()
    made = page.evaluate(RUN, {"text": text, "sampleRate": rate, "settings": settings})
    return np.frombuffer(base64.b64decode(made["text"]), "<f4"), made["load"]


@pytest.mark.parametrize(
    ("name", "rate"),
    [("default", 16000), ("default", 44100), ("default", 48000), ("tiny", 8000)],
)
def test_samples_are_those_of_python(
    name: str, rate: int, engine: Path, visit: Visit, recordings: dict[str, Any]
) -> None:
    # Louder than full scale in places, as a microphone is that clips.
    wave = 3 * resample(recordings[NAME][0][None], 16000, rate)[0]
    made, load = run_in_browser(visit(), wave, rate, name)
    expected = Enhancer.from_pretrained(name)(wave, rate)
    assert made.shape == expected.shape
    assert np.abs(expected).max() > 0.3
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-3)
    assert load > 0
    print(f"{name} at {rate}: {np.abs(made - expected).max():.1e}, {load:.1%} of a core")


def test_a_sound_shorter_than_a_hop_comes_back_as_long(engine: Path, visit: Visit) -> None:
    wave = np.full(3, 0.1, np.float32)
    made, _ = run_in_browser(visit(), wave, 16000)
    np.testing.assert_allclose(made, Enhancer.from_pretrained()(wave, 16000), rtol=0, atol=1e-3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "nothing.onnx"}, "nothing.onnx: the model cannot be loaded"),
        ({"runtime": "nothing"}, "ort.wasm.bundle.min.mjs"),
        ({"wave": np.array([0, np.nan])}, "A sample is NaN or infinite"),
    ],
)
def test_what_is_wrong_is_said(
    changed: dict[str, Any], message: str, engine: Path, visit: Visit
) -> None:
    page = visit()
    with pytest.raises(Exception, match=message):
        run_in_browser(page, **{"wave": np.zeros(512), "rate": 16000, **changed})


@pytest.mark.parametrize("source", ["microphone", "file"])
def test_live_sound_stays_in_the_browser(
    source: str, engine: Path, visit: Visit, tmp_path: Path, recordings: dict[str, Any]
) -> None:
    page = visit()
    sent: list[str] = []
    page.on("websocket", lambda socket: sent.append(socket.url))
    page.get_by_role("tab", name="Live").click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    panel.locator("#live-sound").select_option("default, in this browser")
    if source == "file":
        panel.locator("#live-file").set_input_files(NOISY)
    else:
        panel.get_by_role("button", name="Use the microphone").click()
    panel.get_by_text("Listening.").wait_for()
    page.on("request", lambda request: sent.append(request.url))
    page.wait_for_function(
        "/\\d % of a core/.test(document.getElementById('live-load').textContent)"
    )
    if source == "microphone":
        time.sleep(len(recordings[NAME][0]) / 16000)
        panel.get_by_role("button", name="Stop").click()
    panel.get_by_text("Stopped.").wait_for()
    assert sent == []
    made, rate = download(page, "Download what came out", tmp_path)
    heard, _ = download(page, "Download what went in", tmp_path)
    assert len(made) == len(heard) > rate and np.abs(heard).max() > 0.05
    # Both were rounded to 16 bits.
    expected = Enhancer.from_pretrained("default")(heard, rate)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-3)


def download(page: "Page", name: str, folder: Path) -> tuple[np.ndarray, int]:
    with page.expect_download() as coming:
        page.get_by_role("link", name=name).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    wave, rate = soundfile.read(path, dtype="float32")
    return wave, rate


def test_the_guide_s_example_runs_on_a_static_page(
    engine: Path, browser: Any, tmp_path: Path, recordings: dict[str, Any]
) -> None:
    guide = (ROOT / "docs/guides/browser.md").read_text()
    assert engine.name in guide and engine.name.replace("-web-", "-web ") in guide
    [example] = re.findall(r"```js\n(.*?)```", guide, re.S)
    shutil.copytree(ROOT / "speechgan/page/static/enhance", tmp_path / "enhance")
    shutil.copy(SHIPPED / "default" / ONNX, tmp_path)
    shutil.copytree(engine, tmp_path / "runtime")
    wave = recordings[NAME][0][:8000]
    (tmp_path / "samples.js").write_text(f"export default new Float32Array({wave.tolist()});")
    imported = 'import samples from "./samples.js";'
    script = f"{imported}\n{example}\nwindow.made = [...ready, ...rest];"
    (tmp_path / "index.html").write_text(f'<script type="module">{script}</script>')

    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_function("window.made", timeout=120_000)
        made = page.evaluate("window.made")
        page.close()
        server.shutdown()
    expected = Enhancer.from_pretrained("default")(wave, 16000)
    np.testing.assert_allclose(made, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", ["nothing", "%2e%2e%2fdefault/model", "restore", "voices"])
def test_no_other_file_is_served(name: str, engine: Path, address: str) -> None:
    import httpx

    answer = httpx.get(f"{address}/engine/graphs/{name}.onnx", trust_env=False, timeout=120)
    assert answer.status_code == 404
