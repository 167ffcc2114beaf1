"""What lies in a folder is found once, wherever links lead."""

import os
from pathlib import Path

import pytest

from speechgan.cli.plan import find_audio
from speechgan.evaluation import pairing
from speechgan.utils.errors import SpeechganError
from speechgan.utils.folders import walk_files
from speechgan.utils.places import Place


def put(root: Path, *names: str) -> Path:
    """Empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_folders_own_files_come_before_those_in_its_folders(tmp_path):
    put(tmp_path, "b/z.wav", "b/a/y.wav", "c.wav", "a/x.wav")
    found = [str(path) for path in walk_files(tmp_path)]
    assert found == ["c.wav", "a/x.wav", "b/z.wav", "b/a/y.wav"]


def test_links_to_folders_are_followed_by_all_who_look(tmp_path):
    put(tmp_path, "elsewhere/a.wav", "in/b.wav")
    root = tmp_path / "in"
    (root / "more").symlink_to(tmp_path / "elsewhere")
    names = ["b.wav", "more/a.wav"]
    assert [str(path) for path in walk_files(root)] == names
    assert find_audio(root) == [root / name for name in names]
    assert Place.parse(str(root)).list_files() == names
    assert list(pairing.find_audio(root).values()) == [root / name for name in names]


def test_links_that_lead_back_end(tmp_path):
    root = put(tmp_path / "in", "a/x.wav", "b/y.wav")
    (root / "a" / "up").symlink_to(root)
    (root / "b" / "itself").symlink_to(root / "b")
    (root / "above").symlink_to(tmp_path.parent)
    assert [str(path) for path in walk_files(root)] == ["a/x.wav", "b/y.wav"]
    (root / "a" / "to_b").symlink_to(root / "b")
    (root / "b" / "to_a").symlink_to(root / "a")
    found = ["a/x.wav", "a/to_b/y.wav", "b/y.wav", "b/to_a/x.wav"]
    assert [str(path) for path in walk_files(root)] == found


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    put(tmp_path, "a.wav", "secret/b.wav")
    scan = os.scandir

    def refuse(path: str):
        if os.fspath(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SpeechganError, match=r"secret: cannot be looked into \(Permission denied"):
        find_audio(tmp_path)


def test_what_is_hidden_is_neither_enhanced_nor_measured(tmp_path):
    put(tmp_path, "a.wav", ".b.wav", ".cache/c.wav")
    assert find_audio(tmp_path) == [tmp_path / "a.wav"]
    assert list(pairing.find_audio(tmp_path)) == ["a"]
