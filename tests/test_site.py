"""The site of documents is built without a warning, and has what the menu says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytest.importorskip("mkdocs", reason="needs the extra docs")


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "does not contain an anchor" not in done.stderr
    pages = {str(path.parent.relative_to(tmp_path)) for path in tmp_path.rglob("index.html")}
    assert {".", "results", "ideas", "contributing", "guides/podcast", "models/default"} <= pages
    reference = (tmp_path / "reference/enhance/index.html").read_text()
    for text in ("enhance_file", "attenuation_limit", "a sample rate, strength or limit out of"):
        assert text in reference.replace("\n", " ")
