"""Folders of converted speech."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.evaluation.conversion import evaluate_conversion
from speechgan.evaluation.report import choose, write_report
from speechgan.evaluation.results import Evaluation
from speechgan.evaluation.tables import format_table
from speechgan.evaluation.trial import load_at_level
from speechgan.features.world import World
from speechgan.metrics.conversion import content_distance, mel_cepstral_distortion
from speechgan.metrics.speaker import embed_speaker
from speechgan.utils.errors import SpeechganError


def evaluate(root: Path, *, source: bool = True, **options) -> Evaluation:
    options = {"workers": 1, "with_dnsmos": False, **options}
    given = root / "source" if source else None
    return evaluate_conversion(root / "converted", root / "target", given, **options)


@pytest.fixture(scope="session")
def found(conversions: Path) -> Evaluation:
    return evaluate(conversions)


def test_every_measure_is_of_the_sides_that_it_is_defined_for(found: Evaluation) -> None:
    first, second = (row.scores for row in found.rows)
    assert list(first) == ["source", "converted", "target"] and list(second) == [
        "source",
        "converted",
    ]
    everywhere = {"modulation", "f0_deviation"}
    everywhere |= {"target_similarity", "source_similarity", "nearer_target"}
    with_reading = {"mcd", "log_f0_rmse"}
    assert set(first["source"]) == everywhere | with_reading
    with_source = {"f0_correlation", "copied_f0_correlation", "content"}
    assert set(first["converted"]) == everywhere | with_reading | with_source
    assert set(first["target"]) == everywhere | {"content"}
    assert set(second["converted"]) == everywhere | with_source
    assert found.sides == ("source", "converted", "target")
    assert found.refused == ()


def test_scores_are_those_of_the_measures(found: Evaluation, conversions: Path) -> None:
    waves = {
        (side, name): load_at_level(conversions / side / f"{name}.flac")
        for side, name in (("source", "a"), ("converted", "a"), ("target", "a"), ("target", "c"))
    }
    voices = {
        key: World(f0="harvest").analyse(wave) for key, wave in waves.items() if key[1] == "a"
    }
    scores = found.rows[0].scores
    distortion = mel_cepstral_distortion(voices["converted", "a"], voices["target", "a"])
    assert scores["converted"]["mcd"] == pytest.approx(distortion)
    content = content_distance(voices["converted", "a"], voices["source", "a"])
    assert scores["converted"]["content"] == pytest.approx(content)
    # The target's reading is compared with the other recordings of the target alone.
    similarity = embed_speaker(waves["target", "a"]) @ embed_speaker(waves["target", "c"])
    assert scores["target"]["target_similarity"] == pytest.approx(similarity, abs=1e-4)
    assert scores["source"]["nearer_target"] == 0 and scores["target"]["nearer_target"] == 1


def test_the_table_has_gaps_where_nothing_is_defined(found: Evaluation) -> None:
    head, _, sides, *lines = format_table(found).splitlines()
    assert head == "2 recordings; means ± 95 % confidence intervals"
    assert sides.split() == ["source", "converted", "target"]
    correlation = next(line for line in lines if line.startswith("log-F0 corr."))
    assert correlation.split()[2] == correlation.split()[-1] == "-"
    assert found.mean("source", "content") is None


def test_unpaired_names_are_no_readings(conversions: Path) -> None:
    found = evaluate(conversions, source=False, parallel=False)
    assert found.sides == ("converted",)
    keys = [measure.key for measure in found.measures]
    assert keys == ["modulation", "f0_deviation", "target_similarity"]


def test_files_that_cannot_be_used_are_named_in_every_folder(
    conversions: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(conversions, tmp_path / "copy"))
    wave, _ = soundfile.read(root / "converted" / "a.flac", frames=16000)
    for name in ("mute", "text", "sourceless", "stereo"):
        for side in ("source", "converted"):
            soundfile.write(root / side / f"{name}.wav", wave, 16000)
    soundfile.write(root / "converted" / "mute.wav", 0 * wave, 16000)
    (root / "converted" / "text.wav").write_text("not audio")
    (root / "source" / "sourceless.wav").write_bytes(b"")
    slow = np.stack([wave, wave], 1)
    soundfile.write(root / "converted" / "stereo.wav", slow, 16000)
    (root / "target" / "unused.wav").write_text("not audio")
    found = evaluate(root)
    reasons = {refusal.name: refusal.reason for refusal in found.refused}
    assert "mute.wav: silence" in reasons["mute"]
    assert "text.wav: not audio" in reasons["text"]
    assert "sourceless.wav: an empty file" in reasons["sourceless"]
    unused = str(root / "target" / "unused.wav")
    assert f"{unused}: not audio" in reasons[unused]
    assert [row.recording.name for row in found.rows] == ["a", "b", "stereo"]
    assert len(reasons) == 4


def test_a_converted_recording_needs_its_source(conversions: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    shutil.copy(conversions / "source" / "a.flac", tmp_path / "source")
    with pytest.raises(SpeechganError, match="has no b, of which there is a converted one"):
        evaluate_conversion(conversions / "converted", None, tmp_path / "source")


def test_the_report_ranks_by_distortion_and_shows_an_example_of_the_target(
    found: Evaluation, tmp_path: Path
) -> None:
    # The second has no reading of the target, and so no distortion.
    assert [row.recording.name for row, _ in choose(found, None)] == ["b", "a"]
    write_report(found, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>Voice conversion: evaluation</title>" in page
    assert page.count("<audio") == 6
    assert page.count("another recording") == 1
    assert "Listening by numbers" not in page
    assert "$" not in page


def test_a_report_plays_another_example_of_the_target_each_time_that_can_be_read(
    conversions: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(conversions, tmp_path / "more"))
    # The first by name, which would be everybody's example.
    (root / "target" / "0.wav").write_text("no sound")
    found = evaluate(root, parallel=False)
    examples = [row.recording.examples["target"].stem for row in found.rows]
    assert len(set(examples)) == len(examples) and "0" not in examples
    write_report(found, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text().count("another recording") == len(examples)
