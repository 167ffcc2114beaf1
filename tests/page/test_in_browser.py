"""The page in a real browser: what a visitor does, sees, hears and leaves behind."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import soundfile
from PIL import Image

pytest.importorskip("gradio")

from speechgan.audio import resample
from speechgan.metrics.intrusive import si_sdr

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from speechgan.page.parts import Page as Parts

Visit = Callable[..., "Page"]
ASSETS = Path(__file__).parents[1] / "assets"
NAME = "p228_wind"
NOISY, CLEAN = (ASSETS / side / f"{NAME}.flac" for side in ("noisy", "clean"))
PART = 6400
"""Samples at 16 kHz."""
TABS = ["Enhance", "Restore", "Convert", "Generate", "Compare", "Live"]
ROLES = {
    "button",
    "checkbox",
    "combobox",
    "textbox",
    "slider",
    "spinbutton",
    "radio",
    "tab",
    "link",
}
PICTURES = os.environ.get("SPEECHGAN_PICTURES")
"""A folder for pictures of the page, such as docs/images; none is made without it."""


def open_tab(page: "Page", name: str) -> "Locator":
    """The part of the page that a tab shows."""
    page.get_by_role("tab", name=name).click()
    panel = page.get_by_role("tabpanel").filter(visible=True)
    panel.wait_for()
    return panel


def upload(panel: "Locator", path: Path) -> None:
    """Gives a file to a tab's first place for recordings that is empty."""
    cleared = panel.get_by_role("button", name="Clear")
    before = cleared.count()
    panel.locator("input[type=file]").first.set_input_files(path)
    cleared.nth(before).wait_for()


def press(panel: "Locator", name: str) -> None:
    panel.get_by_role("button", name=name, exact=True).click()


def fetch(page: "Page", link: "Locator", folder: Path) -> tuple[np.ndarray, int, str]:
    """What a link downloads: samples, sample rate in Hz, and the name of the file."""
    with page.expect_download() as coming:
        link.click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    wave, rate = soundfile.read(path, dtype="float32")
    return wave, rate, path.name


def take_picture(page: "Page", name: str) -> None:
    if PICTURES:
        page.mouse.move(0, 0)
        time.sleep(0.5)  # what fades in and out
        picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
        picture.quantize(40).save(Path(PICTURES, name), optimize=True)


def wait_until(done: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def measure_live(wave: np.ndarray, rate: int, clean: np.ndarray, noisy: np.ndarray) -> float:
    """Gain in SI-SDR over the noisy wave at 16 kHz, in dB: the median of its loud parts.

    Parts are looked for one by one, as a browser on a busy machine leaves some samples out.
    """
    wave = resample(wave[None], rate, 16000)[0]
    cuts = range(PART, len(clean), PART)
    pairs = [
        pair
        for pair in zip(np.split(clean, cuts), np.split(noisy, cuts), strict=True)
        if pair[0].std() > clean.std() / 2
    ]
    gains = []
    for part, before in pairs:
        likeness = np.correlate(wave, part, "valid")
        start = int(np.abs(likeness).argmax())
        after = wave[start : start + len(part)]
        gains.append(si_sdr(part, after, 16000) - si_sdr(part, before, 16000))
    assert len(gains) >= 3
    return float(np.median(gains))


def test_a_recording_comes_back_enhanced(
    visit: Visit, tmp_path: Path, recordings: dict[str, Any]
) -> None:
    page = visit()
    panel = open_tab(page, "Enhance")
    upload(panel, NOISY)
    panel.get_by_role("button", name="Compare with a clean reference").click()
    upload(panel, CLEAN)
    press(panel, "Enhance")
    enhanced, rate, name = fetch(page, panel.get_by_role("link", name="Download"), tmp_path)
    assert name == f"{NAME}.enhanced.wav"
    noisy, clean = recordings[NAME]
    assert (rate, len(enhanced)) == (16000, len(noisy))
    assert si_sdr(clean, enhanced, rate) > si_sdr(clean, noisy, rate) + 3
    panel.get_by_role("table").wait_for()
    assert panel.get_by_role("img", name="spectrogram").count() == 3
    before, after, _ = panel.locator("tbody tr").all_inner_texts()
    assert float(after.split()[-1]) > float(before.split()[-1])  # PESQ
    take_picture(page, "page_enhance.png")


def test_a_voice_comes_back_as_another(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    panel = open_tab(page, "Convert")
    upload(panel, CLEAN)
    speaker = panel.get_by_role("combobox", name="Target speaker")
    speaker.fill("p226")
    speaker.press("Enter")
    press(panel, "Convert")
    converted, _, name = fetch(page, panel.get_by_role("link", name="Download"), tmp_path)
    assert name == f"{NAME}.p226.wav" and np.abs(converted).max() > 0.01
    panel.get_by_role("img", name="spectrogram, After").wait_for()
    take_picture(page, "page_convert.png")


def test_what_is_wrong_with_a_file_is_said_on_the_page(
    visit: Visit, bad_files: dict[str, Path]
) -> None:
    page = visit()
    panel = open_tab(page, "Enhance")
    press(panel, "Enhance")
    page.get_by_text("recording: none is given; upload or record one").wait_for()
    for problem, message in {
        "text": "text.wav: not audio in a format that libsndfile reads",
        "empty": "empty.wav: holds no samples",
        "silent": "silent.wav: digital silence",
        "broken": "broken.wav: a sample is NaN or infinite at 0.500 s",
        "long": "long.wav: longer than 30 s",
    }.items():
        upload(panel, bad_files[problem])
        press(panel, "Enhance")
        page.get_by_text(message).wait_for()
        panel.get_by_role("button", name="Clear").first.click()
        panel.get_by_role("button", name="Drop an audio file here").first.wait_for()
    panel.locator("input[type=file]").first.set_input_files(bad_files["large"])
    page.get_by_text("maximum allowed size").first.wait_for()


def test_a_narrow_window_never_scrolls_sideways(visit: Visit) -> None:
    page = visit(390, 844)

    def require_narrow() -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    for name in TABS[1:]:
        open_tab(page, name)
        require_narrow()
    panel = open_tab(page, "Enhance")
    upload(panel, NOISY)
    press(panel, "Enhance")
    panel.get_by_role("table").wait_for()
    require_narrow()
    for part in [*panel.get_by_role("img", name="spectrogram").all(), panel.get_by_role("table")]:
        box = part.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    take_picture(page, "page_narrow.png")


def test_everything_has_a_name_and_is_reached_by_keyboard(visit: Visit) -> None:
    page = visit()
    tree = page.context.new_cdp_session(page)
    for tab in TABS:
        open_tab(page, tab)
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        parts = [
            (node["role"]["value"], node.get("name", {}).get("value", "").strip())
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in ROLES
        ]
        assert len(parts) > len(TABS) + 2
        assert [role for role, name in parts if not name] == [], tab
    page.get_by_role("tab", name="Enhance").focus()
    page.keyboard.press("Enter")
    name = "(e => e.getAttribute('aria-label') ?? e.textContent.trim())(document.activeElement)"
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(name))
    assert {
        "Drop an audio file here to upload",
        "Record audio",
        "Model",
        "number input for Strength",
        "Enhance",
        "Stop",
    } <= reached


def test_nothing_of_another_server_is_loaded(visit: Visit) -> None:
    page = visit()
    blocked = page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", (e) => done(e.blockedURI));
            new Image().src = "http://other.example/a.png";
            setTimeout(() => done("not blocked"), 60000);
        })"""
    )
    assert blocked == "http://other.example/a.png"


def test_two_visitors_get_each_their_own_and_leave_nothing(
    visit: Visit, page_parts: "Parts", tmp_path: Path
) -> None:
    folder = page_parts.visits.folder
    pages = [visit(), visit()]
    names = [NAME, "p228_coffee"]
    panels = [open_tab(page, "Enhance") for page in pages]
    for panel, name in zip(panels, names, strict=True):
        upload(panel, ASSETS / "noisy" / f"{name}.flac")
    for panel in panels:
        press(panel, "Enhance")
    for page, panel, name in zip(pages, panels, names, strict=True):
        wave, _, file_name = fetch(page, panel.get_by_role("link", name="Download"), tmp_path)
        assert file_name == f"{name}.enhanced.wav"
        assert len(wave) == soundfile.info(ASSETS / "noisy" / f"{name}.flac").frames
        panel.get_by_role("table").wait_for()

    def list_names() -> set[str]:
        return {path.name for path in folder.rglob("*") if path.is_file()}

    left = {f"{names[1]}.flac", f"{names[1]}.enhanced.wav"}
    assert list_names() >= left | {f"{NAME}.flac"}
    pages[0].close()
    wait_until(lambda: list_names() == left)
    pages[1].close()
    wait_until(lambda: not list_names())


def test_long_work_shows_how_far_it_is_and_can_be_stopped(
    visit: Visit, page_parts: "Parts", monkeypatch: pytest.MonkeyPatch
) -> None:
    from speechgan.inference.enhancement.enhancer import Enhancer

    left: list[type] = []

    def enhance_slowly(*_: Any, progress: Callable[[float], object], **__: Any) -> None:
        try:
            while True:
                progress(0.1)
                time.sleep(0.1)
        except BaseException as error:
            left.append(type(error))
            raise

    monkeypatch.setattr(Enhancer, "enhance_file", enhance_slowly)
    page = visit()
    panel = open_tab(page, "Enhance")
    upload(panel, NOISY)
    press(panel, "Enhance")
    page.get_by_text("1 of 3 s of sound").wait_for()
    press(panel, "Stop")
    page.get_by_text("Stopped.").wait_for()
    # Whoever leaves has stopped too.
    press(panel, "Enhance")
    page.get_by_text("1 of 3 s of sound").wait_for()
    page.close()
    wait_until(lambda: len(left) == 2)


def test_what_waits_for_others_can_be_stopped_too(
    visit: Visit, page_parts: "Parts", monkeypatch: pytest.MonkeyPatch
) -> None:
    from speechgan.inference.enhancement.enhancer import Enhancer

    begun: list[str] = []

    def enhance_slowly(
        _: Enhancer, source: Path, *__: Any, progress: Callable[[float], object], **___: Any
    ) -> None:
        begun.append(source.stem)
        while True:
            progress(0.1)
            time.sleep(0.1)

    monkeypatch.setattr(Enhancer, "enhance_file", enhance_slowly)
    names = ["p228_wind", "p228_wind", "p228_coffee", "kerstin_wind"]
    assert len(names) > page_parts.jobs + 1
    pages = [visit() for _ in names]
    panels = [open_tab(page, "Enhance") for page in pages]
    for panel, name in zip(panels, names, strict=True):
        upload(panel, ASSETS / "noisy" / f"{name}.flac")
        press(panel, "Enhance")
        if name == NAME:
            panel.get_by_text("of 3 s of sound").wait_for()
        else:
            panel.get_by_text("queue:").wait_for()
    press(panels[2], "Stop")
    pages[2].get_by_text("Stopped.").wait_for()
    press(panels[0], "Stop")
    wait_until(lambda: len(begun) == 3)
    assert begun == [NAME, NAME, names[3]]


def test_live_heeds_who_is_there_before_its_last_script(
    visit: Visit, bad_files: dict[str, Path]
) -> None:
    page = visit()
    late: list[Any] = []
    page.route("**/wave_file.js", lambda route: late.append(route))
    page.reload()
    panel = open_tab(page, "Live")
    page.wait_for_timeout(500)
    panel.locator("#live-file").set_input_files(bad_files["text"])
    page.wait_for_timeout(500)
    [script] = late
    script.continue_()
    panel.get_by_text("text.wav: not audio that this browser reads").wait_for()


@pytest.mark.parametrize("source", ["microphone", "file"])
def test_live_sound_comes_back_enhanced(
    source: str,
    visit: Visit,
    tmp_path: Path,
    recordings: dict[str, Any],
    bad_files: dict[str, Path],
) -> None:
    page = visit()
    panel = open_tab(page, "Live")
    if source == "file":
        panel.locator("#live-file").set_input_files(bad_files["text"])
        panel.get_by_text("text.wav: not audio that this browser reads").wait_for()
        panel.locator("#live-file").set_input_files(NOISY)
    else:
        press(panel, "Use the microphone")
    panel.get_by_text("Listening.").wait_for()
    page.wait_for_function("/^\\d+ ms$/.test(document.getElementById('live-delay').textContent)")
    if source == "microphone":
        time.sleep(len(recordings[NAME][0]) / 16000 + 0.7)
        press(panel, "Stop")
    panel.get_by_text("Stopped.").wait_for()
    delay = int(panel.locator("#live-delay").inner_text().split()[0])
    assert delay >= 32
    link = panel.get_by_role("link", name="Download what came out")
    made, rate, _ = fetch(page, link, tmp_path)
    noisy, clean = recordings[NAME]
    assert measure_live(made, rate, clean, noisy) > 2
    take_picture(page, "page_live.png")
