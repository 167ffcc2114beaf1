"""Matches the files of several folders by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from speechgan.audio import AUDIO_EXTENSIONS
from speechgan.utils.errors import SpeechganError
from speechgan.utils.folders import walk_files
from speechgan.utils.places import File

# `speechgan enhance` writes a.enhanced.wav beside a.flac if no output folder is given.
_ENHANCED = ".enhanced"


@dataclass(frozen=True)
class Recording:
    """The files of one recording.

    Attributes:
        name: path relative to the folder, without extension.
        files: by the name of the side.
        examples: files that are shown in place of a side that is missing.
    """

    name: str
    files: Mapping[str, File]
    examples: Mapping[str, File] = field(default_factory=dict)


def pair_recordings(clean: File, enhanced: File, noisy: File | None = None) -> list[Recording]:
    """Finds the same recordings below two or three folders, sorted by name.

    Files belong together if their paths relative to the folders are equal but for the extension,
    and but for `.enhanced` before it: `a/b.flac` and `a/b.enhanced.wav` are the same recording.

    Raises:
        SpeechganError: a folder is missing or holds no audio, or a file has no partner or two.
    """
    folders = {"clean": clean, "enhanced": enhanced} | ({"noisy": noisy} if noisy else {})
    found = {side: find_audio(folder) for side, folder in folders.items()}
    for side, folder in folders.items():
        _require_same(clean, found["clean"], folder, found[side])
    return [
        Recording(name, {side: files[name] for side, files in found.items()})
        for name in sorted(found["clean"])
    ]


def match_conversions(
    converted: File, target: File | None, source: File | None, parallel: bool
) -> list[Recording]:
    """Converted recordings with their sources and the target's recordings of the same name.

    Args:
        converted: folder of the conversions.
        target: folder of the target's recordings.
        source: folder of the sources of the conversions.
        parallel: whether equal names in `target` mean equal sentences.

    Raises:
        SpeechganError: a folder is missing or empty, or a converted recording has no source.
    """
    judged = find_audio(converted)
    sources = find_audio(source) if source else {}
    examples = find_audio(target) if target else {}
    missing = sorted(set(judged) - set(sources))
    if source and missing:
        raise SpeechganError(f"{source}: has no {missing[0]}, of which there is a converted one")
    recordings = []
    for name in sorted(judged):
        named = {"source": sources, "converted": judged, "target": examples if parallel else {}}
        files = {side: paths[name] for side, paths in named.items() if name in paths}
        recordings.append(Recording(name, files))
    return recordings


def find_audio(folder: File) -> dict[str, File]:
    """Audio files below `folder`, without hidden ones, by their names as recordings.

    Raises:
        SpeechganError: no such folder, no audio in it, or two files of one name.
    """
    files: dict[str, File] = {}
    for text in _list_files(folder):
        relative = PurePosixPath(text)
        hidden = any(part.startswith(".") for part in relative.parts)
        if relative.suffix.lower() not in AUDIO_EXTENSIONS or hidden:
            continue
        name, path = str(relative.with_suffix("")).removesuffix(_ENHANCED), folder / text
        if name in files:
            raise SpeechganError(
                f"{path} and {files[name].name} are the same recording by name; remove one"
            )
        files[name] = path
    if not files:
        raise SpeechganError(f"{folder}: no audio files in it")
    return files


def _list_files(folder: File) -> Iterable[str]:
    """Paths of all files below a folder, relative to it.

    Raises:
        SpeechganError: no such folder.
    """
    files: Iterable[str]
    if isinstance(folder, Path):
        files, is_there = map(str, walk_files(folder)), folder.is_dir()
    else:
        files = folder.list_files()
        # In an object store folders are only parts of file names.
        is_there = bool(files)
    if not is_there:
        raise SpeechganError(f"{folder}: no such folder; check the name")
    return files


def _require_same(
    clean: File, references: dict[str, File], other: File, files: dict[str, File]
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
