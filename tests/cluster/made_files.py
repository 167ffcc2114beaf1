"""Short recordings to work on, and what became of them."""

from pathlib import Path

import numpy as np
import soundfile


def make_files(folder: Path, count: int, samples: int = 6000) -> None:
    """Short recordings with a name each, some of them in a folder below."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deeper").mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        place = folder / ("deeper" if number % 3 else ".") / f"{number:03}.wav"
        soundfile.write(place, random.uniform(-0.3, 0.3, samples), 16000)


def list_files(folder: Path) -> set[str]:
    """All files, hidden ones too, but for the summary."""
    files = {f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file()}
    return files - {"summary.html", "summary.parquet"}
