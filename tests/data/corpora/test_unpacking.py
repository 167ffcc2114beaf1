"""Archives of somebody else's, good and bad."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from speechgan.data.corpora.unpacking import merge, unpack
from speechgan.utils.errors import SpeechganError

LAYOUT = ((r"(?:.*/)?(\w[^/]*\.wav)", r"clean/\1"),)
SOUND = b"sound" * 1000


def make_zip(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def make_tar(path: Path, *entries: tuple[str | tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name) if isinstance(name, str) else name
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


MAKERS = pytest.mark.parametrize(
    ("make", "name"), [(make_zip, "a.zip"), (make_tar, "a.tar.gz")], ids=["zip", "tar"]
)


def run(path: Path, into: Path, most: int = 10**6) -> int:
    return unpack(path, LAYOUT, into, most, lambda there: None)


@MAKERS
def test_what_is_wanted_comes_to_its_place(make, name, tmp_path):
    path = make(
        tmp_path / name,
        ("set/p1_001.wav", SOUND),
        ("set/read.me", b"text"),
        ("__MACOSX/set/._p1_001.wav", b"no sound"),
    )
    assert run(path, tmp_path / "into") == 1
    found = [p for p in (tmp_path / "into").rglob("*") if p.is_file()]
    assert found == [tmp_path / "into/clean/p1_001.wav"]
    assert found[0].read_bytes() == SOUND


@MAKERS
@pytest.mark.parametrize("bad", ["../../out.wav", "/out.wav", "set/../../out.wav", "..\\out.txt"])
def test_a_name_that_leads_out_is_refused(make, name, bad, tmp_path):
    path = make(tmp_path / name, (bad, SOUND))
    with pytest.raises(SpeechganError, match="leads out of the folder") as caught:
        run(path, tmp_path / "below" / "into")
    assert str(path) in str(caught.value)
    assert not list(tmp_path.rglob("out.*"))


def bad_kinds() -> list[tarfile.TarInfo]:
    entries = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
        entry = tarfile.TarInfo("a.wav")
        entry.type, entry.linkname = kind, "/etc/passwd"
        entries.append(entry)
    return entries


@pytest.mark.parametrize("entry", bad_kinds(), ids=["symbolic", "hard", "pipe", "device"])
def test_no_link_and_no_device_is_made_of_a_tar(entry, tmp_path):
    path = make_tar(tmp_path / "a.tar.gz", (entry, b""))
    with pytest.raises(SpeechganError, match=r"a\.wav is a link or a device"):
        run(path, tmp_path / "into")
    assert not (tmp_path / "into").exists()


def test_no_link_is_made_of_a_zip(tmp_path):
    entry = zipfile.ZipInfo("a.wav")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = make_zip(tmp_path / "a.zip", (entry, b"/etc/passwd"))
    with pytest.raises(SpeechganError, match=r"a\.wav is a link or a device"):
        run(path, tmp_path / "into")


@MAKERS
def test_more_than_was_expected_is_not_written(make, name, tmp_path):
    path = make(tmp_path / name, ("a.wav", SOUND), ("b.wav", SOUND))
    with pytest.raises(SpeechganError, match="unpacks to more than 6000 bytes"):
        run(path, tmp_path / "into", 6000)


@MAKERS
def test_two_of_one_name_are_refused(make, name, tmp_path):
    path = make(tmp_path / name, ("x/a.wav", SOUND), ("y/a.wav", SOUND))
    with pytest.raises(SpeechganError, match="File exists"):
        run(path, tmp_path / "into")


@MAKERS
def test_a_damaged_archive_is_named(make, name, tmp_path):
    path = make(tmp_path / name, ("a.wav", bytes(10)), ("b.wav", SOUND))
    whole = path.read_bytes()
    changed = whole.replace(b"soundsound", b"soUndsound", 1)
    if changed == whole:  # in the tar it is compressed: the checksum at the end instead
        changed = whole[:-6] + bytes([whole[-6] ^ 1]) + whole[-5:]
    for content in (changed, whole[: len(whole) // 2], b"no archive at all"):
        path.write_bytes(content)
        with pytest.raises(SpeechganError, match="damaged") as caught:
            run(path, tmp_path / f"into{len(content)}")
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_another_archive_is_not_taken_for_it(tmp_path):
    path = make_zip(tmp_path / "a.zip", ("a.mp3", b""))
    with pytest.raises(SpeechganError, match="holds none of the files"):
        run(path, tmp_path / "into")


def test_folders_are_merged(tmp_path):
    for path in ("one/p1/train/1.wav", "one/p2/1.wav", "other/p1/test/2.wav", "other/p1/3.wav"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    merge(tmp_path / "other", tmp_path / "one")
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.wav")}
    assert found == {"one/p1/train/1.wav", "one/p2/1.wav", "one/p1/test/2.wav", "one/p1/3.wav"}
    assert not (tmp_path / "other").exists()
