"""Every command that reads files, on damaged ones; and what goes wrong."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from drive import MEMORY, check_each, find_faults, is_whole, read_peak, run
from sounds import make_case, make_sound

from speechgan import audio
from speechgan.utils.errors import SpeechganError

WHOLE = "whole.wav"
ASSETS = Path(__file__).parents[1] / "assets"
SHORT = (
    *("data.batch_size=2", "trainer.max_steps=1", "trainer.validate_every=1", "trainer.workers=0"),
    *("trainer.accelerator=cpu", "trainer.threads=1"),
)
"""Settings of the shortest training; and of each task's."""
ONE_STEP = (
    *(f"generator.{name}=8" for name in ("channels", "bands", "hidden")),
    *("system=supervised", "data.seconds=0.5", "data.valid_items=1", *SHORT),
)
ONE_STEP_OF_VOICES = (
    *("system=shallow", "generator.channels=4", "discriminator.width=0.03", "features.f0=dio"),
    *("data.frames=32", "data.workers=1", *SHORT),
)
ONE_STEP_OF_VOCODER = (
    *("generator.channels=8", "generator.hidden=8", "generator.blocks=1"),
    *("data.seconds=0.5", "data.valid_items=1", *SHORT),
)
NOT_ONLY_DAMAGED = ("not as long as its clean", "shorter than a sample", "too quiet")
"""Why a sound that can be read may be of no use in training."""


def fuzz_enhance(sources: Path, work: Path) -> list[str]:
    """`enhance` of a folder."""
    return _fuzz_conversion(sources, work, "enhance", sources, "--engine", "onnx")


def fuzz_convert(sources: Path, work: Path) -> list[str]:
    """`convert` of a folder, by the smallest model that ships."""
    model = ("--model", "kerstin-p226", "--target-speaker", "p226")
    return _fuzz_conversion(sources, work, "convert", "--src", sources, *model)


def _fuzz_conversion(sources: Path, work: Path, *command: object) -> list[str]:
    """A command that makes a file of a file."""
    output = work / "made"
    files = sorted(sources.iterdir())
    before = read_peak()
    outcome = run(*command, "-o", f"{output}/", "--jobs", 1)
    faults = find_faults(outcome, work, before)
    # What is lossy comes back under another extension.
    made = {path.stem: path for path in output.iterdir()} if output.exists() else {}
    faults += check_each(outcome, files, {path: path.stem in made for path in files})
    broken = [path.name for path in made.values() if not is_whole(path)]
    return faults + [f"{name}: the result cannot be read" for name in broken]


def fuzz_evaluate(sources: Path, work: Path) -> list[str]:
    """`evaluate enhance`, the damaged files being judged against whole ones."""
    reference = make_sound("wav", 16000, 1)
    clean = work / "clean"
    clean.mkdir()
    for path in sources.iterdir():
        (clean / f"{path.stem}.wav").write_bytes(reference)
    (clean / WHOLE).write_bytes(reference)
    return _fuzz_evaluation(sources, reference, work, "enhance", "--clean", clean, "--enhanced")


def fuzz_judge(sources: Path, work: Path) -> list[str]:
    """`evaluate convert`, the damaged files being the converted ones."""
    reference = (ASSETS / "clean" / "p228_wind.flac").read_bytes()
    (work / "target").mkdir()
    (work / "target" / WHOLE).write_bytes(reference)
    target = ("--target", work / "target")
    return _fuzz_evaluation(sources, reference, work, "convert", *target, "--converted")


def _fuzz_evaluation(
    sources: Path, whole: bytes, work: Path, task: str, *options: object
) -> list[str]:
    """Each file is measured or named.

    Args:
        sources: folder of damaged files.
        whole: a file that can be measured, so that the others are left out and not all there is.
        work: an empty folder.
        task: of `speechgan evaluate`.
        options: the last of which takes the folder that is judged.
    """
    judged = Path(shutil.copytree(sources, work / "judged"))
    (judged / WHOLE).write_bytes(whole)
    files, scores = sorted(judged.iterdir()), work / "scores.csv"
    before = read_peak()
    common = ("--no-dnsmos", "--workers", 1, "--csv", scores)
    outcome = run("evaluate", task, *options, judged, *common)
    rows = scores.read_text().splitlines()[1:] if scores.exists() else []
    measured = {row.split(",")[0] for row in rows}
    faults = find_faults(outcome, work, before)
    return faults + check_each(outcome, files, {path: path.stem in measured for path in files})


def fuzz_scan(sources: Path, work: Path) -> list[str]:
    """`data scan` of a folder of training data."""
    files = _lay_out(sources, work / "data", ("speech", "noise"))
    before = read_peak()
    outcome = run("data", "scan", work / "data")
    manifest = work / "data" / "manifest.speechgan.csv"
    listed = {Path(row.split(",")[0]).stem for row in manifest.read_text().splitlines()[1:]}
    faults = find_faults(outcome, work, before)
    return faults + check_each(outcome, files, {path: path.stem in listed for path in files})


def fuzz_train(sources: Path, work: Path) -> list[str]:
    """A step of training on speech and noise that are mixed."""
    _lay_out(sources, work / "data", ("speech", "noise"))
    return _fuzz_training(work, "enhance", *ONE_STEP)


def fuzz_train_pairs(sources: Path, work: Path) -> list[str]:
    """A step of training on pairs; the other side of a damaged file is a whole one."""
    for path in _lay_out(sources, work / "data", ("clean", "noisy")):
        side, split = path.parents[1].name, path.parent.name
        other = work / "data" / ("noisy" if side == "clean" else "clean") / split
        (other / f"{path.stem}.wav").write_bytes(make_sound("wav", 16000, 1))
    return _fuzz_training(work, "enhance", *ONE_STEP)


def fuzz_train_voices(sources: Path, work: Path) -> list[str]:
    """A step of training a converter between two speakers."""
    _lay_out(sources, work / "data", ("anna", "bob"))
    return _fuzz_training(work, "convert", *ONE_STEP_OF_VOICES)


def fuzz_train_vocoder(sources: Path, work: Path) -> list[str]:
    """A step of training a vocoder."""
    _lay_out(sources, work / "data", ("speech",))
    return _fuzz_training(work, "vocoder", *ONE_STEP_OF_VOCODER)


def _lay_out(sources: Path, data: Path, roles: tuple[str, ...]) -> list[Path]:
    """Training data with something whole to train and to validate on; where the files are."""
    for role in roles:
        side = "noisy" if role in ("noise", "noisy") else "clean"
        for path in (ASSETS / side).iterdir():
            split = "valid" if path.stem == "p228_wind" else "train"
            (data / role / split).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, data / role / split)
    placed = []
    for number, path in enumerate(sorted(sources.iterdir())):
        split = "valid" if number % 5 == 0 else "train"
        target = data / roles[number % len(roles)] / split / path.name
        placed.append(Path(shutil.copy(path, target)))
    return placed


def _fuzz_training(work: Path, task: str, *settings: str) -> list[str]:
    """It goes on with what can be read; every other file is named once."""
    folders = {"data.root": "data", "data.cache": "cache", "run.folder": "run"}
    places = (f"{key}={work / folder}" for key, folder in folders.items())
    before = read_peak()
    outcome = run("train", task, *places, *settings)
    faults = find_faults(outcome, work, before)
    if outcome.code != 0:
        faults.append(f"exit code {outcome.code}: {outcome.lines}")
    for path in sorted((work / "data").rglob("*.*")):
        lines = [line for line in outcome.lines if f"{path}: " in line]
        explained = any(reason in line for line in lines for reason in NOT_ONLY_DAMAGED)
        if len(lines) != (0 if is_readable(path) and not explained else 1):
            faults.append(f"{path.name}: named in {len(lines)} lines")
    return faults


def is_readable(path: Path) -> bool:
    """Whether there is a sound in it."""
    try:
        audio.read(path)
    except SpeechganError:
        return False
    return True


FUZZERS: dict[str, Callable[[Path, Path], list[str]]] = {
    "enhance": fuzz_enhance,
    "convert": fuzz_convert,
    "evaluate": fuzz_evaluate,
    "judge": fuzz_judge,
    "scan": fuzz_scan,
    "train": fuzz_train,
    "train pairs": fuzz_train_pairs,
    "train voices": fuzz_train_voices,
    "train vocoder": fuzz_train_vocoder,
}
"""By command: takes a folder of damaged files and an empty one to work in; tells what is wrong."""


def fuzz(name: str, numbers: Iterable[int], work: Path) -> list[str]:
    """The faults of a command on the files of these numbers.

    Args:
        name: of `FUZZERS`.
        numbers: of `sounds.make_case`.
        work: folder to work in; what stands there is removed.
    """
    return _fuzz(name, [make_case(number) for number in numbers], work)


def warm_up(name: str, work: Path) -> list[str]:
    """As `fuzz`, on a whole file; what it imports does not count as memory taken afterwards."""
    faults = _fuzz(name, [("sound.wav", make_sound("wav", 16000, 1))], work)
    return [fault for fault in faults if MEMORY not in fault]


def _fuzz(name: str, cases: Iterable[tuple[str, bytes]], work: Path) -> list[str]:
    shutil.rmtree(work, ignore_errors=True)
    sources = work / "sources"
    sources.mkdir(parents=True)
    for file, content in cases:
        (sources / file).write_bytes(content)
    (work / "work").mkdir()
    return FUZZERS[name](sources, work / "work")


def fuzz_model(folder: Path, work: Path, mark: Path) -> list[str]:
    """Everything that reads a model: each command does what it is for, or refuses in one line.

    Args:
        folder: a spoiled model.
        work: holds `sound.wav`; outputs go there as well.
        mark: a file that is there if anything of the model was executed.
    """
    sound, result = work / "sound.wav", work / "result.wav"
    commands: dict[str, tuple[object, ...]] = {
        "show": ("models", "show", folder),
        "speakers": ("speakers", "--model", folder),
        "export": ("export", folder, "--onnx", work / "result.onnx"),
    }
    for engine in ("onnx", "torch"):
        common = ("--model", folder, "--engine", engine, "-o", result)
        commands[f"enhance, {engine}"] = ("enhance", sound, *common)
        convert = ("convert", "--src", sound, "--target-speaker", "p226")
        commands[f"convert, {engine}"] = (*convert, *common)
    faults = []
    for name, command in commands.items():
        before = read_peak()
        outcome = run(*command)
        found = find_faults(outcome, work, before)
        if outcome.code == 1 and len(outcome.lines) != 1:
            found.append(f"{len(outcome.lines)} lines: {outcome.lines}")
        if result.exists() and not is_whole(result):
            found.append("the result cannot be read")
        if mark.exists():
            found.append("something was executed")
        for path in (result, work / "result.onnx", mark):
            if path.is_dir():
                path.rmdir()
            path.unlink(missing_ok=True)
        faults += [f"{name}: {fault}" for fault in found]
    return faults
