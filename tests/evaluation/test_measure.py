"""A measure is one function, added from outside, for both tasks."""

import csv
import json
from pathlib import Path

import pytest

from speechgan.cli.main import main
from speechgan.evaluation import measure
from speechgan.evaluation.conversion import CONVERSION
from speechgan.evaluation.conversion_measures import MEASURES as OF_CONVERSION
from speechgan.evaluation.enhancement import ENHANCEMENT
from speechgan.evaluation.enhancement_measures import MEASURES as OF_ENHANCEMENT
from speechgan.evaluation.measure import load_measure
from speechgan.evaluation.trial import Sound
from speechgan.utils.errors import SpeechganError

MODULE = '''
import numpy as np
from speechgan.evaluation import measure

@measure("Level", better="zero", unit="dB", digits=1)
def level(clean, enhanced):
    """Of what is judged, over the clean one's <level>."""
    return 10 * np.log10(np.mean(enhanced**2) / np.mean(clean**2))

@measure("Zero crossings", better="lower", unit="Hz", digits=0)
def crossings(converted, sample_rate):
    """How often the wave changes its sign."""
    return np.mean(np.diff(np.signbit(converted))) * sample_rate

@measure("Covered", better="higher")
def covered(converted_voice, target):
    """Against the target's reading."""
    return len(converted_voice) / len(target)

@measure("Broken", better="higher")
def broken(clean):
    """Never works."""
    return clean.no_such_thing

@measure("Greedy", better="higher")
def greedy(clean):
    """Changes what the next side is compared with."""
    clean *= 0.5
    return 1.0

@measure("Wordy", better="higher")
def wordy(clean):
    """Fails in two lines."""
    raise ValueError("one\\ntwo")

@measure("Strange", better="higher")
def strange(weather):
    """Asks for what nobody has."""

@measure("Taken", better="higher")
def pesq(clean):
    """Has the name of another."""

def plain(clean):
    return 1.0
'''


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the current folder, which is not that of the package."""
    (tmp_path / "my_measures.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def folders_of(root: Path, *sides: str) -> list[str]:
    return [word for side in sides for word in (f"--{side}", str(root / side))]


def outputs(tmp_path: Path) -> list[str]:
    kinds = {"json": "scores.json", "csv": "scores.csv", "report": "report.html"}
    files = [word for kind, name in kinds.items() for word in (f"--{kind}", str(tmp_path / name))]
    return [*files, "--shown", "1", "--no-dnsmos"]


def test_one_for_enhancement(pairs: Path, tmp_path: Path, capsys) -> None:
    arguments = [*folders_of(pairs, "clean", "enhanced", "noisy"), "--workers", "1"]
    added = ["--measure", "my_measures:level"]
    assert main(["evaluate", "enhance", *arguments, *added, *outputs(tmp_path)]) == 0
    assert "Level, dB" in capsys.readouterr().out
    scores = json.loads((tmp_path / "scores.json").read_text())
    noisy, enhanced = (scores["mean"][side]["level"]["mean"] for side in ("noisy", "enhanced"))
    assert noisy > enhanced > 0
    assert scores["mean"]["difference"]["level"]["mean"] == pytest.approx(enhanced - noisy)
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert all(float(line["noisy_level"]) > 0 for line in csv.DictReader(file))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Of what is judged, over the clean one&#x27;s &lt;level&gt;</td>" in page


def test_two_for_conversion(conversions: Path, tmp_path: Path, capsys) -> None:
    arguments = [*folders_of(conversions, "converted", "target"), "--workers", "1"]
    added = ["--measure", "my_measures:crossings", "--measure", "my_measures:covered"]
    assert main(["evaluate", "convert", *arguments, *added, *outputs(tmp_path)]) == 0
    assert "Zero crossings, Hz" in capsys.readouterr().out
    scores = json.loads((tmp_path / "scores.json").read_text())
    first, second = scores["recordings"]
    assert 100 < first["converted"]["crossings"] < 4000
    # Only one has a reading of the target, which is not compared with itself.
    assert "covered" in first["converted"] and "crossings" in first["target"]
    assert "covered" not in first["target"] and "covered" not in second["converted"]
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert [bool(line["converted_covered"]) for line in csv.DictReader(file)] == [True, False]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "How often the wave changes its sign" in page


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_measures", "write package.module:function"),
        ("no_such_module:level", "cannot be imported"),
        ("my_measures:no_such_function", "my_measures has no no_such_function"),
        ("my_measures:plain", "decorate it"),
        ("my_measures:strange", "asks for weather; there are clean, enhanced"),
        ("my_measures:pesq", "there is a measure pesq already"),
        ("my_measures:crossings", "asks for converted"),
        ("my_measures:broken", "the measure broken failed: AttributeError"),
        ("my_measures:greedy", "output array is read-only"),
        ("my_measures:wordy", "the measure wordy failed: ValueError: one two"),
    ],
)
def test_mistakes_are_one_line(pairs: Path, capsys, name: str, message: str) -> None:
    arguments = [*folders_of(pairs, "clean", "enhanced"), "--workers", "1", "--no-dnsmos"]
    assert main(["evaluate", "enhance", *arguments, "--measure", name]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "words", "message"),
    [
        ("no_way", "better='max'", "abs: better='max': unknown; choose from higher, lower"),
        ("half_a_digit", "better='lower', digits=1.5", "abs: digits=1.5: must be a whole number"),
    ],
)
def test_a_heading_that_no_table_can_have_is_said_before_measuring(
    pairs: Path, tmp_path: Path, capsys, name: str, words: str, message: str
) -> None:
    text = f"from speechgan.evaluation import measure\nlevel = measure('x', {words})(abs)\n"
    (tmp_path / f"{name}.py").write_text(text)
    arguments = [*folders_of(pairs, "clean", "enhanced"), "--measure", f"{name}:level"]
    assert main(["evaluate", "enhance", *arguments, *outputs(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_measure_of_conversion_changes_no_samples_either(conversions: Path) -> None:
    wave = Sound(conversions / "source" / "a.flac", None).wave
    with pytest.raises(ValueError, match="read-only"):
        wave *= 0.5


def test_what_needs_a_folder_that_is_not_given_says_so(conversions: Path, capsys) -> None:
    arguments = [*folders_of(conversions, "converted"), "--measure", "my_measures:covered"]
    assert main(["evaluate", "convert", *arguments]) == 1
    assert "covered needs --target" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "measures"), [(ENHANCEMENT, OF_ENHANCEMENT), (CONVERSION, OF_CONVERSION)]
)
def test_the_tasks_offer_what_their_measures_ask_for(task, measures) -> None:
    assert {name for m in measures for name in m.parameters} <= set(task.offers)
    assert all(m.meaning and "\n" not in m.meaning for m in measures)
    keys = {m.key for m in measures}
    named = {*task.headlines, *task.captions, *task.ranked_by, *(s.key for s in task.scales)}
    assert named <= keys and len(keys) == len(measures)


def test_a_measure_of_infinity_is_not_defined() -> None:
    @measure("Endless", better="higher")
    def endless() -> float:
        return float("inf")

    with pytest.raises(SpeechganError, match="no finite value"):
        endless.score(object())


def test_workers_find_measures_by_name() -> None:
    function, arguments = OF_CONVERSION[0].__reduce__()
    assert function(*arguments) is OF_CONVERSION[0]
    assert load_measure("my_measures:level").meaning.startswith("Of what is judged")
