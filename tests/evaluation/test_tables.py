import csv
import json
import math
from pathlib import Path

import pytest

from speechgan.evaluation.enhancement import ENHANCEMENT
from speechgan.evaluation.enhancement_measures import MEASURES
from speechgan.evaluation.pairing import Recording
from speechgan.evaluation.results import Evaluation, Refusal, Row
from speechgan.evaluation.tables import format_table, require_writable, write_csv, write_json
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def evaluation():
    rows = [
        Row(
            Recording(name, {side: Path(side) for side in ("clean", "enhanced", "noisy")}),
            {
                "noisy": {"pesq": 1.5, "si_sdr": si_sdr},
                "enhanced": {"pesq": pesq, "si_sdr": 10.0},
            },
            45.0,
        )
        for name, pesq, si_sdr in (("a", 2.0, 4.0), ("b, c", 3.0, 14.0))
    ]
    return Evaluation(ENHANCEMENT, MEASURES, tuple(rows), (Refusal("d", "silence"),))


def test_the_table_shows_means_intervals_and_signed_differences(evaluation):
    # Student's quantile for 2 values is 12.706; the standard error here is half the range.
    assert format_table(evaluation).splitlines() == [
        "2 recordings, 1.5 min, 1 left out; means ± 95 % confidence intervals",
        "",
        "            noisy        enhanced     difference",
        "PESQ-WB     1.50 ± 0.00  2.50 ± 6.35  +1.00 ± 6.35",
        "SI-SDR, dB  9.0 ± 63.5   10.0 ± 0.0   +1.0 ± 63.5",
    ]


def test_json_holds_everything(evaluation, tmp_path):
    write_json(evaluation, tmp_path / "scores.json")
    content = json.loads((tmp_path / "scores.json").read_text())
    assert content["mean"]["difference"]["pesq"]["mean"] == 1
    assert content["mean"]["noisy"]["si_sdr"]["confidence_95"] == pytest.approx(63.53, abs=0.01)
    assert content["recordings"][1] == {
        "name": "b, c",
        "seconds": 45.0,
        "enhanced": {"pesq": 3.0, "si_sdr": 10.0},
        "noisy": {"pesq": 1.5, "si_sdr": 14.0},
    }
    assert content["refused"] == [{"name": "d", "reason": "silence"}]


def test_json_of_one_recording_is_valid(evaluation, tmp_path):
    single = Evaluation(ENHANCEMENT, MEASURES, evaluation.rows[:1])
    assert math.isnan(single.mean("enhanced", "pesq").half_width)
    write_json(single, tmp_path / "scores.json")
    content = json.loads((tmp_path / "scores.json").read_text(), parse_constant=pytest.fail)
    assert content["mean"]["enhanced"]["pesq"] == {"mean": 2.0, "confidence_95": None}
    assert "PESQ-WB     1.50   2.00      +0.50" in format_table(single)


def test_csv_has_a_line_per_recording(evaluation, tmp_path):
    write_csv(evaluation, tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["recording"] for line in lines] == ["a", "b, c"]
    assert float(lines[1]["enhanced_pesq"]) == 3
    assert float(lines[1]["noisy_si_sdr"]) == 14


def test_what_cannot_be_written_is_said_and_leaves_nothing(evaluation, tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpeechganError, match="folder: cannot be written"):
        write_json(evaluation, tmp_path / "folder")
    with pytest.raises(SpeechganError, match="a folder stands there"):
        require_writable(tmp_path / "folder")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SpeechganError, match="cannot be written"):
        require_writable(tmp_path / "file" / "scores.json")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_folders_of_outputs_are_made(tmp_path):
    require_writable(tmp_path / "new" / "deep" / "scores.json")
    assert list((tmp_path / "new" / "deep").iterdir()) == []
