"""The load test of the service, with a light load."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

for library in ("fastapi", "uvicorn", "websockets"):
    pytest.importorskip(library)
if not Path("/proc/self/status").exists():
    pytest.skip("reads /proc", allow_module_level=True)


@pytest.fixture
def benchmark(load_benchmark) -> ModuleType:
    return load_benchmark("service")


def run(benchmark, monkeypatch, *words: object) -> int:
    command = ["service.py", "--model", "tiny", *map(str, words)]
    monkeypatch.setattr(sys, "argv", command)
    return benchmark.main()


def read_rows(shown: str) -> list[list[str]]:
    """Cells of the table's rows, its head left out."""
    lines = [line for line in shown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[1:]]


def test_streams_are_added_until_one_is_late(benchmark, monkeypatch, capsys):
    light = ("--parts", "streams", "--seconds", 0.4, "--processes", 2, "--streams", 1, 3)
    assert run(benchmark, monkeypatch, *light, "--late", 60) == 0
    shown = capsys.readouterr().out
    assert [row[:3] for row in read_rows(shown)] == [["1", "20", "0"], ["3", "60", "0"]]
    assert "Streams held without a late block: 3; faults of the server: 0" in shown
    assert run(benchmark, monkeypatch, *light, "--late", 1e-6) == 0
    shown = capsys.readouterr().out
    assert [row[:3] for row in read_rows(shown)] == [["1", "20", "20"]]
    assert "Streams held without a late block: 0" in shown


def test_every_kind_of_file_is_answered_as_it_is_to_be(benchmark, monkeypatch, capsys):
    assert run(benchmark, monkeypatch, "--parts", "files", "--requests", 22, "--settled", 11) == 0
    shown = capsys.readouterr().out
    rows = {row[0]: row[1:] for row in read_rows(shown)}
    assert set(rows) == set(benchmark.KINDS)
    for name, kind in benchmark.KINDS.items():
        assert rows[name] == ["2", str(kind.status), "2", "0", "0"]
    assert "faults of the server: 0" in shown


def test_an_answer_that_is_lost_or_wrong_is_a_failure(benchmark, monkeypatch, capsys):
    answers = [("empty", None), ("WAV, 1 s", 500)]
    monkeypatch.setattr(benchmark, "post_all", lambda *_: answers)
    assert run(benchmark, monkeypatch, "--parts", "files") == 1
    rows = {row[0]: row[1:] for row in read_rows(capsys.readouterr().out)}
    assert rows["empty"] == ["2", "422", "0", "0", "2"]
    assert rows["WAV, 1 s"] == ["2", "200", "0", "2", "0"]


def test_places_of_bad_clients_are_taken_again(benchmark, monkeypatch, capsys):
    cases = {case.name: case for case in benchmark.list_cases()}
    chosen = [cases["say nothing at all"], cases["vanish from a live stream"]]
    monkeypatch.setattr(benchmark, "list_cases", lambda: chosen)
    assert run(benchmark, monkeypatch, "--parts", "clients") == 0
    silent, gone = read_rows(capsys.readouterr().out)
    assert silent[2] in ("503", "asked too late") and silent[3] != "never"
    assert gone[2] == "refused" and gone[3] != "never"


@pytest.mark.parametrize(
    ("words", "text"),
    [(["--seconds", "0"], "--seconds: must be"), (["--streams", "0"], "--streams: must be 1")],
)
def test_mistakes_end_in_one_line(benchmark, monkeypatch, words, text):
    with pytest.raises(benchmark.SpeechganError, match=text):
        run(benchmark, monkeypatch, *words)
