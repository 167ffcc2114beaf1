import base64
import io
import re
import shutil
import subprocess
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from speechgan.evaluation.enhancement import ENHANCEMENT, measure_recording
from speechgan.evaluation.enhancement_measures import MEASURES
from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.report import choose, judge, write_report
from speechgan.evaluation.results import Evaluation, Mean, Refusal, Row

DATA = Path(__file__).parents[1] / "assets"


def describe(name):
    """The noisy file counts as enhanced, and the clean one as noisy: any two will do."""
    sides = {"clean": "clean", "enhanced": "noisy", "noisy": "clean"}
    return Recording(name, {side: DATA / of / f"{name}.flac" for side, of in sides.items()})


def make_row(name, gain=0.0):
    scores = {measure.key: 2.0 for measure in MEASURES}
    return Row(describe(name), {"enhanced": {**scores, "pesq": 2 + gain}, "noisy": scores}, 3.0)


def make_evaluation(*rows, refused=()):
    return Evaluation(ENHANCEMENT, MEASURES, rows, refused)


def decode(page, kind):
    return [
        base64.b64decode(data)
        for data in re.findall(rf"data:{kind};base64,([A-Za-z0-9+/=]+)", page)
    ]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    row = measure_recording(describe("p228_coffee"))
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(make_evaluation(row, refused=(Refusal("quiet <one>", "silence"),)), path)
    return path.read_text(encoding="utf-8")


def test_it_plays_the_recordings(page):
    sounds = [soundfile.read(io.BytesIO(data)) for data in decode(page, "audio/flac")]
    assert len(sounds) == 3
    for (wave, sample_rate), side in zip(sounds, ("clean", "noisy", "clean"), strict=True):
        expected, _ = soundfile.read(DATA / side / "p228_coffee.flac")
        assert sample_rate == 16000
        np.testing.assert_allclose(wave, expected, atol=2**-15)


def test_its_pictures_show_more_noise_where_there_is_more(page):
    pictures = [
        np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"), dtype=float)
        for data in decode(page, "image/png")
    ]
    clean, noisy, again = (picture[..., :3][picture[..., 3] == 255] for picture in pictures)
    assert noisy.mean() > clean.mean() + 10
    np.testing.assert_array_equal(clean, again)


def test_it_needs_nothing_from_outside(page):
    assert not re.search(r"https?://|src=\"(?!data:)|<link|@import|url\(", page)


def test_it_says_what_was_measured_and_left_out(page):
    for measure in MEASURES:
        assert measure.title.replace("-", "&#8209;") in page
        assert escape(measure.meaning) in page
    assert "quiet &lt;one&gt;</b>: silence" in page
    assert "quiet <one>" not in page
    assert "$" not in page


def test_long_recordings_are_shown_in_part(tmp_path):
    for side in ("clean", "noisy"):
        (tmp_path / side).mkdir()
        noise = 0.1 * np.random.default_rng(0).standard_normal((40 * 24000, 2))
        soundfile.write(tmp_path / side / "long.wav", noise, 24000)
    sides = {"clean": "clean", "enhanced": "noisy"}
    files = {side: tmp_path / of / "long.wav" for side, of in sides.items()}
    scores = {"enhanced": make_row("long").scores["enhanced"]}
    row = Row(Recording("long", files), scores, 40.0)
    write_report(make_evaluation(row), tmp_path / "report.html")
    sounds = decode((tmp_path / "report.html").read_text(encoding="utf-8"), "audio/flac")
    assert [soundfile.info(io.BytesIO(data)).duration for data in sounds] == [15, 15]


def test_the_worst_middling_and_best_gains_are_shown():
    gains = {"a": 0.4, "b": -0.1, "c": 0.9, "d": 0.2, "e": 0.3, "f": 0.0, "g": 0.5}
    evaluation = make_evaluation(*(make_row(name, gain) for name, gain in gains.items()))
    shown = [(row.recording.name, label) for row, label in choose(evaluation, 3)]
    assert shown == [("b", "worst"), ("e", "median"), ("c", "best")]
    shown = "".join(row.recording.name for row, _ in choose(evaluation, 6))
    assert shown == "bf" + "de" + "gc"
    assert "".join(row.recording.name for row, _ in choose(evaluation, None)) == "bfdeagc"
    assert len(choose(evaluation, 20)) == 7


def test_only_clear_differences_count_as_better_or_worse():
    higher, lower, one = (
        next(measure for measure in MEASURES if measure.better == way)
        for way in ("higher", "lower", "one")
    )
    assert judge(higher, Mean(0.3, 0.1)) == "better"
    assert judge(higher, Mean(-0.3, 0.1)) == "worse"
    assert judge(lower, Mean(-0.3, 0.1)) == "better"
    assert judge(higher, Mean(0.1, 0.3)) == ""
    assert judge(higher, Mean(0.3, float("nan"))) == ""
    assert judge(one, Mean(0.3, 0.1)) == ""


SORTED = """
const listeners = [];
const rows = ["3", "-", "1", "-", "+2", "0"].map(text => ({cells: [{textContent: text}]}));
const heads = [0, 1].map(column => ({
  addEventListener: (_, listener) => { listeners[column] = listener; },
  getAttribute: () => null, setAttribute() {}, removeAttribute() {},
}));
for (const row of rows) row.cells.unshift({textContent: "a"});
const body = {rows, append: (...made) => { body.rows = made; }};
const table = {tHead: {rows: [{cells: heads}]}, tBodies: [body]};
globalThis.document = {
  querySelectorAll: what => what === "table.sortable" ? [table] : [], addEventListener() {},
};
(0, eval)(process.argv[1]);
listeners[1]();
console.log(body.rows.map(row => row.cells[1].textContent).join(" "));
"""


def test_a_click_sorts_recordings_without_a_value_below_all_others():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    script = files("speechgan.evaluation").joinpath("report.js").read_text()
    found = subprocess.check_output([node, "-e", SORTED, script], text=True)
    assert found == "- - 0 1 +2 3\n"
