import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.audio.formats import CONTAINERS
from speechgan.data.manifest import hold_out, measure, read_manifest, scan, write_manifest
from speechgan.utils.errors import SpeechganError


def put(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / path, np.zeros(1600), 16000)
    return root


def test_speech_and_noise_folders_with_splits(tmp_path):
    put(tmp_path, "speech/train/anna/1.wav", "speech/valid/ben/2.flac", "noise/train/rain.wav")
    put(tmp_path, "pairs/test/clean/x.wav", "pairs/test/noisy/x.wav", "voices/anna/9.wav")
    found = {r.path: (r.role, r.split, r.speaker) for r in scan(tmp_path)}
    assert found == {
        "noise/train/rain.wav": ("noise", "train", "rain"),
        "pairs/test/clean/x.wav": ("clean", "test", ""),
        "pairs/test/noisy/x.wav": ("noisy", "test", ""),
        "speech/train/anna/1.wav": ("speech", "train", "anna"),
        "speech/valid/ben/2.flac": ("speech", "valid", "ben"),
    }


def test_every_format_that_can_be_enhanced_can_be_trained_on(tmp_path):
    (tmp_path / "speech").mkdir()
    for extension in AUDIO_EXTENSIONS:
        path = tmp_path / "speech" / f"a{extension}"
        codec = {".opus": "OPUS"}.get(extension)
        soundfile.write(path, np.zeros(1600), 16000, codec, format=CONTAINERS[extension])
    rows = [measure(r, tmp_path) for r in scan(tmp_path)]
    assert {Path(r.path).suffix for r in rows} == AUDIO_EXTENSIONS
    assert all(r.seconds >= 0.1 and r.channels == 1 for r in rows)


def test_links_to_other_folders_are_followed(tmp_path):
    root = put(tmp_path / "root", "speech/anna/1.wav")
    put(tmp_path / "elsewhere", "ben/2.wav", "carl/3.wav")
    (root / "speech" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "ben" / "to_carl").symlink_to("../carl")
    (tmp_path / "elsewhere" / "carl" / "to_ben").symlink_to("../ben")
    assert [r.path for r in scan(root)] == [
        "speech/anna/1.wav",
        "speech/more/ben/2.wav",
        "speech/more/ben/to_carl/3.wav",
        "speech/more/carl/3.wav",
        "speech/more/carl/to_ben/2.wav",
    ]


@pytest.mark.parametrize("goal", [".", "..", "../.."])
def test_links_that_lead_back_are_not(tmp_path, goal):
    root = put(tmp_path / "root", "speech/anna/1.wav")
    (root / "speech" / "back").symlink_to(goal)
    assert [r.path for r in scan(root)] == ["speech/anna/1.wav"]


def test_published_voicebank_folders(tmp_path):
    for side in ("clean", "noisy"):
        put(tmp_path, f"{side}_trainset_28spk_wav/p226_001.wav", f"{side}_testset_wav/p232_002.wav")
    rows = scan(tmp_path)
    assert {(r.role, r.split, r.speaker) for r in rows} == {
        ("clean", "train", "p226"),
        ("clean", "test", "p232"),
        ("noisy", "train", "p226"),
        ("noisy", "test", "p232"),
    }
    assert len({r.key for r in rows}) == 2


def test_both_sides_of_a_pair_are_held_out_together(tmp_path):
    names = [f"{side}/{n}.wav" for side in ("clean", "noisy") for n in range(20)]
    rows = hold_out(scan(put(tmp_path, *names)), 0.2)
    valid = [r for r in rows if r.split == "valid"]
    assert len(valid) == 8
    assert {r.key for r in valid if r.role == "clean"} == {
        r.key for r in valid if r.role == "noisy"
    }
    assert rows == hold_out(scan(tmp_path), 0.2)


def test_recordings_named_like_roles_are_told_apart(tmp_path):
    names = ("clean", "noise", "speech")
    paths = [f"{side}/{name}.wav" for side in ("clean", "noisy") for name in names]
    keys = {r.path: r.key for r in scan(put(tmp_path, *paths))}
    assert all(keys[f"clean/{name}.wav"] == keys[f"noisy/{name}.wav"] for name in names)
    assert len(set(keys.values())) == 3


def test_named_speakers_are_held_out(tmp_path):
    put(
        tmp_path, "speech/a/1.wav", "speech/a/2.wav", "speech/b/3.wav", "noise/x.wav", "noise/y.wav"
    )
    rows = hold_out(scan(tmp_path), 0.5, ["b"])
    assert {r.path: r.split for r in rows if r.role == "speech"} == {
        "speech/a/1.wav": "train",
        "speech/a/2.wav": "train",
        "speech/b/3.wav": "valid",
    }


def test_speakers_to_hold_out_are_known_by_number_and_missed_by_name(tmp_path):
    put(tmp_path, "speech/1089/1.wav", "speech/anna/2.wav", "noise/x.wav")
    rows = hold_out(scan(tmp_path), 0.5, [1089])
    assert [r.path for r in rows if r.split == "valid"] == ["speech/1089/1.wav"]
    with pytest.raises(
        SpeechganError, match=r"hold out of ana \(did you mean anna\?\); found: 1089"
    ):
        hold_out(scan(tmp_path), 0.5, [1089, "ana"])


def test_manifest_file_keeps_everything(tmp_path):
    found = scan(put(tmp_path, "speech/a/1, with comma.wav", "noise/b.wav"))
    rows = [measure(r, tmp_path) for r in found]
    assert {(r.seconds, r.sample_rate) for r in rows} == {(0.1, 16000)}
    write_manifest(rows, tmp_path / "m.csv")
    assert read_manifest(tmp_path / "m.csv") == rows


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda d: d / "absent", "no such folder"),
        (lambda d: put(d, "music/a.wav"), "no recordings in folders named"),
    ],
)
def test_unusable_folders_are_named(tmp_path, make, text):
    with pytest.raises(SpeechganError, match=text):
        scan(make(tmp_path))


def test_names_in_another_encoding_are_kept(tmp_path):
    (tmp_path / "speech").mkdir()
    for name in (b"gr\xfc\xdfe.wav", b"b.wav"):
        path = os.path.join(os.fsencode(tmp_path / "speech"), name)
        with open(path, "wb") as file:
            soundfile.write(file, np.zeros(1600), 16000, format="WAV")
    rows = hold_out(scan(tmp_path), 0.5)
    write_manifest(rows, tmp_path / "m.csv")
    again = read_manifest(tmp_path / "m.csv")
    assert again == rows and all((tmp_path / r.path).exists() for r in again)
    assert [measure(r, tmp_path).seconds for r in again] == [0.1, 0.1]


def test_a_manifest_of_nothing_is_named(tmp_path):
    (tmp_path / "m.csv").touch()
    with pytest.raises(SpeechganError, match=r"m\.csv: lists no recordings; make it"):
        read_manifest(tmp_path / "m.csv")


def test_a_file_that_is_not_audio_is_named(tmp_path):
    put(tmp_path, "speech/a/1.wav")
    (tmp_path / "speech/a/2.wav").write_text("hello")
    first, second = scan(tmp_path)
    assert measure(first, tmp_path).channels == 1
    with pytest.raises(SpeechganError, match=r"2\.wav: not audio"):
        measure(second, tmp_path)


def test_broken_manifest_is_named_with_its_line(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("path,role,split,speaker,seconds,sample_rate,channels\na.wav,speech,,,x,1,1\n")
    with pytest.raises(SpeechganError, match=r"m\.csv, line 2"):
        read_manifest(path)
    path.write_text("file,seconds\na.wav,1\n")
    with pytest.raises(SpeechganError, match=r"m\.csv: not a table of `speechgan data scan`, "):
        read_manifest(path)
