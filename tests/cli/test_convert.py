"""`speechgan convert`, `speakers` and `evaluate convert`, on the test voices."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan import audio
from speechgan.cli.main import main


def test_converts_a_file_and_a_folder(
    converter_folder: Path, voices_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = voices_folder / "kerstin"
    model = ["--model", str(converter_folder)]
    folder = ["convert", "--src", str(source), "--target-speaker", "p228", *model]
    assert main([*folder, "-o", str(tmp_path / "out"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["target_speaker"] == "p228" and len(report["files"]) == 3
    for path in sorted(source.iterdir()):
        made = soundfile.info(tmp_path / "out" / path.name)
        assert made.frames == soundfile.info(path).frames
    beside = tmp_path / "a.wav"
    beside.write_bytes((source / "kerstin_wind_0.wav").read_bytes())
    assert main(["convert", "--src", str(beside), "--target-speaker", "p228", *model]) == 0
    assert (tmp_path / "a.p228.wav").exists()
    assert main(["convert", "--src", str(beside), "--target-speaker", "p228", *model]) == 1
    assert "exists; use --overwrite" in capsys.readouterr().err


def test_what_was_converted_to_one_speaker_is_no_input_for_the_next(
    converter_folder: Path, voices_folder: Path, tmp_path: Path
) -> None:
    source = voices_folder / "kerstin" / "kerstin_wind_0.wav"
    (tmp_path / "a.wav").write_bytes(source.read_bytes())
    for speaker in ("p228", "kerstin"):
        command = ["convert", "--src", str(tmp_path), "--target-speaker", speaker]
        assert main([*command, "--model", str(converter_folder)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"a.wav", "a.p228.wav", "a.kerstin.wav"}


def test_a_speaker_whose_name_is_a_path_is_unknown_like_any_other(
    voices_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(voices_folder / "kerstin" / "kerstin_wind_0.wav")
    assert main(["convert", "--src", source, "--target-speaker", "a/b"]) == 1
    err = capsys.readouterr().err
    assert "a/b: voices has no such speaker" in err and err.count("\n") == 1


def test_a_converted_file_says_so_unless_asked_not_to(
    converter_folder: Path, voices_folder: Path, tmp_path: Path
) -> None:
    source = str(voices_folder / "kerstin" / "kerstin_wind_0.wav")
    command = ["convert", "--src", source, "--target-speaker", "p228"]
    command += ["--model", str(converter_folder), "-o"]
    told, silent = tmp_path / "told.flac", tmp_path / "silent.flac"
    assert main([*command, str(told)]) == main([*command, str(silent), "--no-tag"]) == 0
    with audio.Reader(told) as reader:
        assert reader.comment.startswith("Converted speech: a synthetic voice, made by speechgan")
    with audio.Reader(silent) as reader:
        assert reader.comment == ""
    np.testing.assert_array_equal(audio.read(told)[0], audio.read(silent)[0])


def test_a_bad_file_does_not_stop_the_others(
    converter_folder: Path, voices_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = voices_folder / "kerstin" / "kerstin_wind_0.wav"
    (tmp_path / "bad.wav").write_text("not audio")
    command = ["convert", "--src", str(tmp_path / "bad.wav"), str(good), "--target-speaker", "p228"]
    model = ["--model", str(converter_folder), "-o", str(tmp_path / "out"), "--jobs", "1"]
    assert main([*command, *model]) == 1
    err = capsys.readouterr().err
    assert "bad.wav" in err and "1 of 2 files converted" in err
    assert [p.name for p in (tmp_path / "out").iterdir()] == [good.name]


def test_an_unknown_speaker_is_told_the_known_ones(
    converter_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["convert", "--src", str(tmp_path), "--target-speaker", "bob"]
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    assert main([*command, "--model", str(converter_folder)]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "choose from kerstin, p228" in err


def test_vocoders_that_do_not_fit_are_named(
    converter_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100), 16000)
    command = ["convert", "--src", str(tmp_path), "--target-speaker", "p228", "--vocoder"]
    assert main([*command, "griffin_lim", "--model", str(converter_folder)]) == 1
    assert "does not fit the model's World features" in capsys.readouterr().err


def test_speakers_are_listed(converter_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speakers", "--model", str(converter_folder)]) == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "sex", "language", "minutes", "licence"]
    assert first.split() == ["kerstin", "f", "-", "0.0", "CC0"] and second.startswith("p228")
    assert main(["speakers", "--model", str(converter_folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[1]["minutes"] == 0.1


def test_evaluates_source_and_target_readings(
    voices_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A conversion that is the target itself is perfect; one that is the source is none."""
    for folder in ("source", "target", "perfect", "lazy"):
        (tmp_path / folder).mkdir()
    for n, name in enumerate(("kerstin_wind", "p228_wind")):
        speaker = name.split("_")[0]
        for part in range(2):
            data = (voices_folder / speaker / f"{name}_{part}.wav").read_bytes()
            for folder in (("source", "lazy"), ("target", "perfect"))[n]:
                (tmp_path / folder / f"{part}.wav").write_bytes(data)
    means = {}
    for judged in ("perfect", "lazy"):
        out = tmp_path / f"{judged}.json"
        command = ["evaluate", "convert", "--converted", str(tmp_path / judged)]
        folders = ["--source", str(tmp_path / "source"), "--target", str(tmp_path / "target")]
        options = ["--json", str(out), "--no-dnsmos", "--workers", "1"]
        assert main([*command, *folders, *options]) == 0
        means[judged] = {
            k: v["mean"] for k, v in json.loads(out.read_text())["mean"]["converted"].items()
        }
    table = capsys.readouterr().out
    assert "source" in table and "MCD, dB" in table and "like target" in table
    perfect, lazy = means["perfect"], means["lazy"]
    assert perfect["mcd"] < 0.01 and perfect["log_f0_rmse"] < 1e-6 and lazy["mcd"] > 5
    assert perfect["nearer_target"] == 1 and lazy["nearer_target"] == 0
    assert abs(perfect["f0_deviation"]) < 25
    assert lazy["content"] < 0.01 < perfect["content"]
    assert lazy["f0_correlation"] > 0.999


def test_evaluation_names_what_it_cannot_measure(
    voices_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "made").mkdir()
    good = voices_folder / "p228" / "p228_wind_1.wav"
    (tmp_path / "made" / "good.wav").write_bytes(good.read_bytes())
    soundfile.write(tmp_path / "made" / "silent.wav", np.zeros(16000), 16000)
    command = ["evaluate", "convert", "--converted", str(tmp_path / "made"), "--workers", "1"]
    assert main([*command, "--no-dnsmos", "--target", str(voices_folder / "p228")]) == 1
    err = capsys.readouterr().err
    assert "left out: silent" in err and "silence" in err
    assert main([*command, "--source", str(voices_folder / "p228")]) == 1
    assert "has no good, of which there is a converted one" in capsys.readouterr().err


def test_report_shows_and_plays_all_sides(voices_folder: Path, tmp_path: Path) -> None:
    for folder, speaker, name in (
        ("made", "kerstin", "kerstin_wind"),
        ("goal", "p228", "p228_wind"),
    ):
        (tmp_path / folder).mkdir()
        for part in range(3):
            data = (voices_folder / speaker / f"{name}_{part}.wav").read_bytes()
            (tmp_path / folder / f"<{part}>.wav").write_bytes(data)
    page = tmp_path / "report.html"
    folders = ["--converted", str(tmp_path / "made"), "--target", str(tmp_path / "goal")]
    options = ["--report", str(page), "--shown", "2", "--no-dnsmos", "--workers", "1"]
    assert main(["evaluate", "convert", *folders, *options]) == 0
    text = page.read_text()
    assert text.count("<audio") == 4 and text.count("data:image/png") == 4
    assert "MCD" in text and "&lt;0&gt;" in text and "<0>" not in text
    assert "$" not in text.replace("${", "")
    assert main(["evaluate", "convert", *folders, *options, "--unpaired"]) == 0
    text = page.read_text()
    assert text.count("<audio") == 4 and text.count("another recording") == 2
