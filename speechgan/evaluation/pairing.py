"""Which enhanced file belongs to which clean and noisy one: by name."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.utils.errors import SpeechganError

# `speechgan enhance` writes a.enhanced.wav beside a.flac if no output folder is given.
_ENHANCED = ".enhanced"


@dataclass(frozen=True)
class Recording:
    """The files of one recording.

    Attributes:
        name: path relative to the folder, without extension.
        clean: reference.
        enhanced: what is judged.
        noisy: input of the enhancement, if given.
    """

    name: str
    clean: Path
    enhanced: Path
    noisy: Path | None = None


def pair_recordings(clean: Path, enhanced: Path, noisy: Path | None = None) -> list[Recording]:
    """Finds the same recordings below two or three folders, sorted by name.

    Files belong together if their paths relative to the folders are equal but for the extension,
    and but for `.enhanced` before it: `a/b.flac` and `a/b.enhanced.wav` are the same recording.

    Raises:
        SpeechganError: a folder is missing or holds no audio, or a file has no partner or two.
    """
    references = find_audio(clean)
    judged = find_audio(enhanced)
    _require_same(clean, references, enhanced, judged)
    if noisy is None:
        return [Recording(name, references[name], judged[name]) for name in sorted(references)]
    inputs = find_audio(noisy)
    _require_same(clean, references, noisy, inputs)
    return [
        Recording(name, references[name], judged[name], inputs[name]) for name in sorted(references)
    ]


def find_audio(folder: Path) -> dict[str, Path]:
    """Audio files below `folder` by their name as recordings.

    Raises:
        SpeechganError: no such folder, no audio in it, or two files of one name.
    """
    if not folder.is_dir():
        raise SpeechganError(f"{folder}: no such folder")
    files: dict[str, Path] = {}
    for path in _walk(folder):
        name = path.relative_to(folder).with_suffix("").as_posix().removesuffix(_ENHANCED)
        if name in files:
            raise SpeechganError(
                f"{path} and {files[name].name} are the same recording by name; remove one"
            )
        files[name] = path
    if not files:
        raise SpeechganError(f"{folder}: no audio files in it")
    return files


def _walk(folder: Path) -> Iterable[Path]:
    for parent, subfolders, names in os.walk(folder, followlinks=True):
        subfolders.sort()
        for name in sorted(names):
            if Path(name).suffix.lower() in AUDIO_EXTENSIONS and not name.startswith("."):
                yield Path(parent, name)


def _require_same(
    clean: Path, references: dict[str, Path], other: Path, files: dict[str, Path]
) -> None:
    for folder, missing in (
        (other, references.keys() - files.keys()),
        (clean, files.keys() - references.keys()),
    ):
        if missing:
            names = ", ".join(sorted(missing)[:3]) + (" ..." if len(missing) > 3 else "")
            raise SpeechganError(
                f"{folder}: {len(missing)} of the recordings in "
                f"{other if folder == clean else clean} are missing here: {names}"
            )
