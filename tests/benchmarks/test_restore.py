"""The benchmark of restoring: what needs no training, and what is done to clean speech."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import soundfile


@pytest.fixture
def benchmark(load_benchmark) -> ModuleType:
    return load_benchmark("restore")


def test_gaps_are_of_60_ms_every_half_second(benchmark):
    gaps = benchmark.find_gaps(20000)
    assert gaps == [(4000, 4960), (12000, 12960)]
    assert benchmark.find_gaps(4100) == [(4000, 4100)]


def test_each_damage_leaves_what_is_to_come_out(benchmark, recordings, monkeypatch):
    clean = recordings["p228_wind"][1]
    noise = recordings["p228_wind"][0] - clean
    for name, damage in benchmark.list_damages([noise]).items():
        target, damaged = damage(clean, 0)
        assert target.shape == damaged.shape == clean.shape
        if name != "room":
            np.testing.assert_array_equal(target, clean)
        assert np.array_equal(target, damaged) == (name == "clean")
        again = damage(clean, 0)[1]
        np.testing.assert_array_equal(again, damaged)


@pytest.fixture
def data(tmp_path, recordings) -> Path:
    for folder in ("speech/test/a", "far/test/clean"):
        (tmp_path / folder).mkdir(parents=True)
        for number, (_, clean) in enumerate(recordings.values()):
            soundfile.write(tmp_path / folder / f"{number}.flac", clean, 16000)
    (tmp_path / "noise/test").mkdir(parents=True)
    soundfile.write(tmp_path / "noise/test/a.flac", np.ones(20000) * 0.1, 16000)
    return tmp_path


def run(benchmark, monkeypatch, *words: object) -> None:
    monkeypatch.setattr(sys, "argv", ["restore.py", *map(str, words)])
    benchmark.main()


def test_tables_hold_every_damage_and_method(benchmark, data, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "dnsmos", lambda made, rate: type("", (), {"overall": 3.0}))
    run(benchmark, monkeypatch, "--data", data, "--items", 1, "--model", "tiny")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    first = [row for row in rows[1 : len(rows) // 2]]
    assert [row[0] for row in first if row[1] == "as it is"] == [
        *("telephone", "gaps", "clipping", "MP3", "noise, 10 dB", "room", "clean")
    ]
    assert sum(row[1] == "tiny" for row in first) == 7
    (zeros,) = (row for row in first if row[:2] == ["gaps", "as it is"])
    (filled,) = (row for row in first if row[:2] == ["gaps", "linear prediction"])
    assert float(filled[3]) > float(zeros[3])
    (clean,) = (row for row in first if row[:2] == ["clean", "as it is"])
    assert clean[2:] == ["0.0", "4.64", "100.0", "3.00"]


def test_of_english_speech_wrong_phones_are_counted(benchmark, data, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "dnsmos", lambda made, rate: type("", (), {"overall": 3.0}))
    damages = {"telephone": benchmark.telephone, "clean": benchmark.leave_alone}
    monkeypatch.setattr(benchmark, "list_damages", lambda noises: damages)
    (data / "far/test/clean/1.flac").rename(data / "far/test/clean/1_en.flac")
    run(benchmark, monkeypatch, "--data", data, "--english", "_en", "absent")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert rows[0][-1] == "phone errors, %"
    german, english = rows[1:3], rows[4:]
    assert [row[-1] for row in german] == ["", ""]
    telephone, clean = (float(row[-1]) for row in english)
    assert clean == 0 < telephone < 100


def test_speech_of_which_nothing_is_left_has_lost_all_its_phones(benchmark, recordings):
    clean = recordings["p228_wind"][1]
    assert benchmark.count_phones(clean, [clean, 0 * clean]) == [0, 100]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--items", "0"], "--items 0: must be 1 or more"),
        (["--split", "valid"], "valid: holds no recordings; --data DIR names the folder above"),
        (["--model", "nonsense"], "nonsense"),
    ],
)
def test_mistakes_end_in_one_line(benchmark, data, monkeypatch, words, text):
    with pytest.raises(SystemExit, match=text) as caught:
        run(benchmark, monkeypatch, "--data", data, *words)
    assert "\n" not in str(caught.value)
