"""What share of a core a model takes in Chromium, fed a hop at a time as a microphone would.

    python benchmarks/browser.py --seconds 30 --rates 16000 48000

Needs the extra `test`, Chromium, and the engine that `speechgan demo --browser-engine` fetches.
Shares are of wall time, for each two seconds of sound: their least is that of a core which nothing
else had, their median that of this machine as it was.
"""

import argparse
import functools
import shutil
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import speechgan.page
from speechgan.page.engine import describe, list_graphs
from speechgan.page.runtime import fetch_runtime

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
RUN = """async ([sampleRate, seconds, settings]) => {
    const { Enhancer } = await import("/enhance/enhance.js");
    const enhancer = await Enhancer.open({ sampleRate, ...settings });
    const hop = Math.round(0.016 * sampleRate);
    const shares = [];
    for (let piece = 0; piece < seconds / 2; piece++) {
        const before = enhancer.busySeconds;
        const hops = Math.round((2 * sampleRate) / hop);
        for (let k = 0; k < hops; k++) {
            const noise = Float32Array.from({ length: hop }, () => 0.2 * Math.random() - 0.1);
            await enhancer.push(noise);
        }
        shares.push((enhancer.busySeconds - before) / 2);
    }
    enhancer.close();
    return shares;
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a line for each."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


def lay_out(folder: Path, model: str) -> None:
    """Scripts, engine and model, as a static site has them."""
    shutil.copytree(Path(speechgan.page.__file__).parent / "static" / "enhance", folder / "enhance")
    settings = describe(model)
    shutil.copytree(fetch_runtime(), folder / settings["runtime"])
    graph = folder / settings["graph"]
    graph.parent.mkdir(parents=True)
    shutil.copy(list_graphs([model])[model], graph)
    (folder / "index.html").write_text("<!doctype html><title>benchmark</title>")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default", choices=["default", "tiny"])
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--rates", type=int, nargs="+", default=[16000, 44100, 48000])
    arguments = parser.parse_args()
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        parser.error(f"none of {', '.join(BROWSERS)} is installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lay_out(Path(folder), arguments.model)
        handler = functools.partial(Quiet, directory=folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        print(f"{arguments.model} in Chromium {browser.version}, share of a core")
        for rate in arguments.rates:
            given = [rate, arguments.seconds, describe(arguments.model)]
            shares = page.evaluate(RUN, given)
            print(f"{rate:6} Hz: least {min(shares):.1%}, median {np.median(shares):.1%}")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
