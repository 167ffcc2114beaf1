"""Damaged sound files and spoiled models: every command finishes, or refuses in one line.

The cases are made from numbers; `benchmarks/fuzz.py` goes through many more, and says which number
to look at.
"""

import sys
from pathlib import Path

import commands
import models
import pytest
import sounds

CASES = {"enhance": 80, "convert": 20, "evaluate": 40, "judge": 12, "scan": 100}
CASES |= {"train": 8, "train pairs": 8, "train voices": 8, "train vocoder": 6}
MODELS = {"default": 12, "kerstin-p226": 7}
SHIPPED = Path(commands.__file__).parents[2] / "speechgan" / "weights"


@pytest.mark.parametrize("name", CASES)
def test_damaged_sounds(name: str, tmp_path: Path) -> None:
    assert commands.warm_up(name, tmp_path / "warm") == []
    assert commands.fuzz(name, range(CASES[name]), tmp_path / "work") == []


@pytest.mark.parametrize("name", MODELS)
def test_spoiled_models(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    mark = models.write_canary(tmp_path)
    (tmp_path / "sound.wav").write_bytes(sounds.make_sound("wav", 16000, 1))
    commands.fuzz_model(SHIPPED / name, tmp_path, mark)  # imports what it imports
    faults = {}
    for number in range(MODELS[name]):
        what = models.make_model(number, SHIPPED / name, tmp_path / "model")
        faults[f"{number}: {what}"] = commands.fuzz_model(tmp_path / "model", tmp_path, mark)
    assert {case: found for case, found in faults.items() if found} == {}
    assert models.CANARY not in sys.modules


def test_the_cases_are_the_same_every_time_and_some_are_whole() -> None:
    cases = [sounds.make_case(number) for number in range(200)]
    assert cases == [sounds.make_case(number) for number in range(200)]
    assert len({name for name, _ in cases}) == 200
    assert {name.rpartition(".")[2] for name, _ in cases} >= {"flac", "ogg", "mp3", "w64", "caf"}
    assert len({data for _, data in cases}) > 180


def test_it_would_find_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that stops at the first damaged file, and one that hides a defect."""

    def stop(arguments: object) -> int:
        (tmp_path / "work" / "work" / ".a.wav.1.part").touch()
        raise LookupError("a defect")

    monkeypatch.setattr("speechgan.cli.enhance.run", stop)
    faults = " ".join(commands.fuzz("enhance", range(3), tmp_path / "work"))
    assert "escaped: " in faults and "a defect" in faults
    assert "left unfinished" in faults and "named in 0 lines" in faults
    monkeypatch.setattr("speechgan.cli.enhance.run", lambda arguments: 0)
    assert "no result, named in 0 lines" in commands.fuzz("enhance", range(3), tmp_path / "work")[0]
