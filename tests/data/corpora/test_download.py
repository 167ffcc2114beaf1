"""A file over HTTP: whole, broken off and gone on with, refused."""

import logging
from pathlib import Path

import numpy as np
import pytest

from speechgan.data.corpora.download import TRIES, download
from speechgan.utils.errors import SpeechganError

SIZE = 1_000_000
DATA = np.random.default_rng(0).bytes(SIZE)


@pytest.fixture
def part(tmp_path) -> Path:
    return tmp_path / "below" / "a.zip.part"


def fetch(files, part, size: int | None = SIZE, name="a.zip") -> list[int]:
    """How far the download said it was."""
    told: list[int] = []
    download(f"{files.url}/{name}", part, size, told.append)
    return told


@pytest.fixture(autouse=True)
def served(files):
    files.held["a.zip"] = DATA
    return files


def test_a_whole_file(files, part):
    told = fetch(files, part)
    assert part.read_bytes() == DATA
    assert told[0] == 0 and told[-1] == len(DATA) and told == sorted(told)
    assert files.asked == [("a.zip", "")]


def test_what_breaks_off_goes_on_where_it_stood(files, part, caplog):
    files.breaks = [300_000, 200_000]
    with caplog.at_level(logging.WARNING):
        fetch(files, part)
    assert part.read_bytes() == DATA
    assert files.asked == [("a.zip", r) for r in ("", "bytes=300000-", "bytes=500000-")]
    assert "a.zip.part: the connection broke off" in caplog.text


def test_what_has_moved_is_gone_on_with_where_it_is(files, part):
    files.breaks = [300_000]
    fetch(files, part, name="moved.zip")
    assert part.read_bytes() == DATA
    assert files.asked[2:] == [("moved.zip", "bytes=300000-"), ("a.zip", "bytes=300000-")]


def test_a_later_call_goes_on_with_what_an_earlier_one_left(files, part):
    part.parent.mkdir()
    part.write_bytes(DATA[:123])
    assert fetch(files, part)[0] == 123
    assert part.read_bytes() == DATA
    assert files.asked == [("a.zip", "bytes=123-")]


@pytest.mark.parametrize("size", [SIZE, None], ids=["known", "unknown"])
def test_what_is_complete_is_not_sent_again(files, part, size):
    fetch(files, part, size)
    fetch(files, part, size)
    assert part.read_bytes() == DATA
    assert [r for _, r in files.asked] == ([""] if size else ["", f"bytes={SIZE}-"])


def test_a_server_that_cannot_go_on_sends_it_anew(files, part, caplog):
    files.ranges, files.breaks = False, [300_000]
    with caplog.at_level(logging.WARNING):
        fetch(files, part)
    assert part.read_bytes() == DATA
    assert "cannot go on; beginning anew" in caplog.text


def test_one_that_always_breaks_off_is_given_up_and_the_part_stays(files, part):
    files.ranges, files.breaks = False, [400_000] * 20
    with pytest.raises(SpeechganError, match=r"broke off, 5 times; 0.4 MB are kept, and the same"):
        fetch(files, part)
    assert part.stat().st_size == 400_000
    assert len(files.asked) == TRIES  # the first one brought something new


def test_a_server_that_is_busy_is_asked_again(files, part):
    files.statuses = [503, 429]
    fetch(files, part)
    assert part.read_bytes() == DATA


def test_no_server_is_no_traceback(part):
    with pytest.raises(SpeechganError, match=r"no connection \(Connection refused\), 5 times"):
        download("http://127.0.0.1:9/a.zip", part, 1, lambda there: None)


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("none.zip", 5, "the server says 404, Not Found; try --mirror"),
        ("a.zip", 5, "1000000 bytes there, and 5 published; try --mirror"),
        ("ftp.zip", None, "no connection .*ftp"),
    ],
)
def test_what_is_not_the_file_is_refused_in_one_line(files, part, name, size, reason):
    with pytest.raises(SpeechganError, match=reason) as caught:
        fetch(files, part, size, name)
    assert "\n" not in str(caught.value)
    assert not part.exists()


def test_a_page_is_no_archive(files, part):
    files.kind = "text/html; charset=utf-8"
    with pytest.raises(SpeechganError, match="a page, and no archive"):
        fetch(files, part, None)


def test_a_part_that_is_too_long_is_named(files, part):
    part.parent.mkdir()
    part.write_bytes(DATA + b"more")
    for size in (SIZE, None):
        with pytest.raises(SpeechganError, match=rf"{part}: longer than"):
            fetch(files, part, size)


@pytest.mark.parametrize("url", ["ftp://a/b.zip", "file:///etc/passwd", "a.zip", "http://[1"])
def test_only_the_web_is_asked(url, part):
    with pytest.raises(SpeechganError, match="not an address of the web"):
        download(url, part, 1, lambda there: None)


def test_what_cannot_be_written_is_said(files, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SpeechganError, match="cannot be written"):
        fetch(files, tmp_path / "file" / "a.part")


def test_proxies_of_the_environment_are_used(files, part, monkeypatch):
    monkeypatch.setenv("http_proxy", files.url)
    monkeypatch.delenv("no_proxy", raising=False)
    download("http://nowhere.invalid/a.zip", part, len(DATA), lambda there: None)
    assert part.read_bytes() == DATA
