from pathlib import Path

import pytest

from speechgan.evaluation.pairing import pair_recordings
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def folders(tmp_path):
    def make(**names):
        for folder, files in names.items():
            for file in files:
                path = tmp_path / folder / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return tuple(tmp_path / folder for folder in names)

    return make


def test_files_belong_together_by_path_without_extension(folders):
    clean, enhanced, noisy = folders(
        clean=["b.flac", "deep/a.WAV", "notes.txt", ".b.wav.1.part"],
        enhanced=["b.enhanced.wav", "deep/a.flac"],
        noisy=["b.ogg", "deep/a.wav"],
    )
    first, second = pair_recordings(clean, enhanced, noisy)
    assert (first.name, second.name) == ("b", "deep/a")
    assert first.files["enhanced"] == enhanced / "b.enhanced.wav"
    assert second.files["clean"] == clean / "deep" / "a.WAV"
    assert second.files["noisy"] == noisy / "deep" / "a.wav"


def test_points_in_names_are_kept(folders):
    recordings = pair_recordings(
        *folders(clean=["a.1.wav", "a.2.wav"], enhanced=["a.1.enhanced.wav", "a.2.flac"])
    )
    assert [recording.name for recording in recordings] == ["a.1", "a.2"]


@pytest.mark.parametrize("side", ["clean", "enhanced", "noisy"])
def test_a_file_without_partner_is_named(folders, side):
    names = {"clean": ["a.wav"], "enhanced": ["a.wav"], "noisy": ["a.wav"]}
    names[side] = ["a.wav", "odd.wav"]
    with pytest.raises(SpeechganError, match=r"missing here: odd$"):
        pair_recordings(*folders(**names))


def test_only_some_of_many_missing_files_are_named(folders):
    clean, enhanced = folders(clean=[f"{i}.wav" for i in range(9)], enhanced=["0.wav"])
    with pytest.raises(SpeechganError, match=r"enhanced: 8 of .*clean are missing here: 1, 2, 3 "):
        pair_recordings(clean, enhanced)


def test_two_files_of_one_name_are_refused(folders):
    with pytest.raises(SpeechganError, match=r"a\.wav and a\.enhanced\.wav"):
        pair_recordings(*folders(clean=["a.wav"], enhanced=["a.wav", "a.enhanced.wav"]))


def test_folders_must_exist_and_hold_audio(folders, tmp_path):
    (clean,) = folders(clean=["a.wav"])
    with pytest.raises(SpeechganError, match="nowhere: no such folder"):
        pair_recordings(clean, Path("nowhere"))
    (tmp_path / "bare").mkdir()
    with pytest.raises(SpeechganError, match="bare: no audio files"):
        pair_recordings(clean, tmp_path / "bare")
