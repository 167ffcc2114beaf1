"""The table of what became of each file."""

import os
import sys
from pathlib import Path

import pytest

from speechgan.cluster.summary import HTML, Row, read_summary, write_summary
from speechgan.utils.places import Place


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_told_as_json_tells_it(tmp_path: Path) -> None:
    folder = Place.parse(str(tmp_path))
    write_summary(folder, [Row(os.fsdecode(b"/a\xff.wav"), "/b.wav", seconds=1.5)], "a title")
    told = r"/a\udcff.wav"
    assert read_summary(folder) == {"/b.wav": Row(told, "/b.wav", seconds=1.5)}
    assert told in (tmp_path / HTML).read_text(encoding="utf-8")
