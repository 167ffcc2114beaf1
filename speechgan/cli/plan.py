"""Plans inputs and outputs: files, folders, standard input and output."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import TYPE_CHECKING

from speechgan.utils.errors import SpeechganError
from speechgan.utils.folders import walk_files

if TYPE_CHECKING:
    from speechgan.cluster.files import FileJob
    from speechgan.utils.places import Place

STANDARD = "-"
OUTPUT_HINT = ", or put -o before it if it is the output"


@dataclass(frozen=True)
class Job:
    """One recording to work on.

    Attributes:
        source: what to read.
        target: what to write.
        name: of the source, as the user gave it.
        hint: appended to its error message.
    """

    source: Path
    target: Path
    name: str
    hint: str = ""


@contextmanager
def plan_jobs(
    inputs: list[str], output: str | None, mark: str, others: tuple[str, ...] = ()
) -> Iterator[list[Job]]:
    """The jobs of a command line; output for standard output is copied there at the end.

    Args:
        inputs: files, folders, or "-" alone for standard input.
        output: file, folder, or "-" for standard output; None writes beside the input, and from
            standard input to standard output.
        mark: in the name of an output beside its input, such as `.enhanced`.
        others: the command's marks with other options.

    Raises:
        SpeechganError: inputs and output do not go together, or a folder holds no audio.
    """
    if STANDARD not in inputs and output != STANDARD:
        yield _plan_files([Path(name) for name in inputs], output, (mark, *others))
        return
    if len(inputs) > 1 or Path(inputs[0]).is_dir():
        raise SpeechganError("-: standard input and output take one recording; give one file")
    with tempfile.TemporaryDirectory(prefix="speechgan-") as folder:
        received = Path(folder) / "standard-input.wav"
        sent = Path(folder) / "standard-output.wav"
        to_standard = output in (None, STANDARD)
        if to_standard and sys.stdout.isatty():
            raise SpeechganError("-: standard output is a terminal; name a file with -o")
        if inputs[0] == STANDARD:
            _receive(received)
        source = received if inputs[0] == STANDARD else Path(inputs[0])
        (job,) = _plan_files([source], str(sent) if to_standard else output, (mark,))
        yield [Job(job.source, job.target, inputs[0])]
        if to_standard and sent.exists():
            with sent.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)


def plan_places(inputs: list[str], output: str) -> "list[FileJob]":
    """The jobs of a command line for a cluster; outputs are named as on one machine.

    Args:
        inputs: paths or URLs of files and folders.
        output: path or URL of a folder.

    Raises:
        SpeechganError: an input is missing or holds no audio, or would be overwritten.
    """
    from speechgan.cluster.files import FileJob
    from speechgan.utils.places import Place

    out = Place.parse(output)
    jobs: dict[Place, FileJob] = {}
    for place in map(Place.parse, inputs):
        for source, relative in _find_places(place, out):
            job = FileJob(source, out / relative.with_suffix(_choose_suffix(relative)))
            other = jobs.setdefault(job.target, job)
            if other is not job:
                raise _name_collision(source, other.source, job.target)
    sources = {job.source for job in jobs.values()}
    for target in jobs:
        if target in sources:
            raise SpeechganError(f"{target}: is itself an input; choose another output")
    return list(jobs.values())


def _find_places(place: "Place", output: "Place") -> "list[tuple[Place, PurePosixPath]]":
    """Audio files, and their paths in the output; in a folder as `find_audio` finds them."""
    from speechgan.audio import AUDIO_EXTENSIONS

    if place.is_file():
        return [(place, PurePosixPath(place.name))]
    found = []
    for name in place.list_files():
        relative, file = PurePosixPath(name), place / name
        hidden = any(part.startswith(".") for part in relative.parts)
        written = output.holds(file) and not output.holds(place)
        if relative.suffix.lower() in AUDIO_EXTENSIONS and not hidden and not written:
            found.append((file, relative))
    if not found:
        raise SpeechganError(f"{place}: no such file, or a folder without audio; check the name")
    return found


def writes_standard_output(inputs: list[str], output: str | None) -> bool:
    """Whether `plan_jobs` writes the sound to standard output."""
    return output == STANDARD or (output is None and STANDARD in inputs)


def refuse_mixed_output(inputs: list[str], output: str | None, as_json: bool) -> None:
    """Refuses to write both sound and report to standard output.

    Raises:
        SpeechganError: both would go there.
    """
    if as_json and writes_standard_output(inputs, output):
        raise SpeechganError("--json: standard output takes the sound; name a file with -o")


def refuse_urls(inputs: list[str], output: str | None) -> None:
    """Refuses URLs, which need a cluster.

    Raises:
        SpeechganError: there is a URL.
    """
    for text in (*inputs, output or ""):
        if "://" in text:
            raise SpeechganError(f"{text}: URLs are taken with --cluster; add --cluster local")


def _plan_files(inputs: list[Path], output: str | None, marks: tuple[str, ...]) -> list[Job]:
    jobs: dict[Path, Job] = {}
    several = len(inputs) > 1 or any(path.is_dir() for path in inputs)
    folder = None if output is None else Path(output)
    if several and folder and folder.is_file():
        raise SpeechganError(f"{folder}: is a file; name a folder with -o for several recordings")
    if several and output and _names_audio_file(output):
        raise SpeechganError(
            f"{output}: is named like a file; name a folder with -o for several recordings"
        )
    misplaced = output is None and _ends_with_output(inputs)
    for path in inputs:
        hint = OUTPUT_HINT if misplaced and path is inputs[-1] else ""
        if path.is_dir():
            pairs = [(file, file.relative_to(path)) for file in find_audio(path, folder, marks)]
        else:
            pairs = [(path, Path(path.name))]
        for file, relative in pairs:
            if output is None or folder is None:
                target = file.parent / f"{file.stem}{marks[0]}{_choose_suffix(file)}"
            elif several or _names_folder(output):
                target = folder / relative.with_suffix(_choose_suffix(file))
            else:
                target = folder
            job = Job(file, target, str(file), hint)
            other = jobs.setdefault(target.absolute(), job)
            if other is not job:
                raise _name_collision(file, other.source, target)
    return list(jobs.values())


def _ends_with_output(inputs: list[Path]) -> bool:
    """Whether only the last of several inputs is missing, as if it were meant as the output."""
    *others, last = inputs
    return bool(others) and not os.path.lexists(last) and all(path.exists() for path in others)


def _name_collision(source: object, other: object, target: object) -> SpeechganError:
    return SpeechganError(
        f"{source}: {other} would be written to {target} too; take one of them on its own"
    )


def find_audio(folder: Path, output: Path | None = None, marks: tuple[str, ...] = ()) -> list[Path]:
    """Audio files below a folder, without hidden ones and outputs of earlier runs.

    Args:
        folder: to search, with all folders in it.
        output: folder that earlier runs wrote into; None beside the inputs.
        marks: ends of the names of outputs beside their inputs.

    Raises:
        SpeechganError: there are none.
    """
    from speechgan.audio import AUDIO_EXTENSIONS

    def enter(child: Path) -> bool:
        return not child.name.startswith(".") and not _same(child, output)

    found = []
    for relative in walk_files(folder, enter):
        file = folder / relative
        written = output is None and file.stem.endswith(marks)
        hidden = file.name.startswith(".")
        if file.suffix.lower() in AUDIO_EXTENSIONS and not hidden and not written:
            found.append(file)
    if not found:
        raise SpeechganError(
            f"{folder}: holds no audio files; looked for {' '.join(sorted(AUDIO_EXTENSIONS))}"
        )
    return found


def _choose_suffix(file: PurePath) -> str:
    """The input's extension, or `.wav` if its format is lossy."""
    from speechgan.audio import AUDIO_EXTENSIONS, LOSSY_EXTENSIONS

    suffix = file.suffix.lower()
    return file.suffix if suffix in AUDIO_EXTENSIONS - LOSSY_EXTENSIONS else ".wav"


def _names_folder(output: str) -> bool:
    return Path(output).is_dir() or output.endswith(os.sep) or not Path(output).suffix


def _names_audio_file(output: str) -> bool:
    """Whether it is meant as an audio file; a folder may have a dot in its name, as `v1.2`."""
    from speechgan.audio import AUDIO_EXTENSIONS

    return not _names_folder(output) and Path(output).suffix.lower() in AUDIO_EXTENSIONS


def _same(path: Path, other: Path | None) -> bool:
    return other is not None and other.exists() and path.samefile(other)


def _receive(target: Path) -> None:
    if sys.stdin.isatty():
        raise SpeechganError("-: standard input is a terminal; pipe a WAV into it")
    try:
        with target.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    except OSError as error:
        raise SpeechganError(
            f"-: standard input cannot be kept in {target.parent} ({error.strerror}); "
            "free some space there"
        ) from None
