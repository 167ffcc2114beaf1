"""`speechgan enhance`: what goes where, and what is refused."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import main

COMMAND = [sys.executable, "-m", "speechgan", "enhance"]


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def enhance(model_folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process: its code, standard output and error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        one = [] if "--jobs" in arguments else ["--jobs", "1"]
        code = main(["enhance", *map(str, arguments), "--model", str(model_folder), *one])
        return code, *capsys.readouterr()

    return run


def make_file(path: Path, samples: int = 8000, channels: int = 1, rate: int = 16000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).uniform(-0.3, 0.3, (samples, channels))
    soundfile.write(path, noise, rate)
    return path


def list_files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_file_is_enhanced_beside_itself(tmp_path: Path, enhance: Run) -> None:
    source = make_file(tmp_path / "a.b.flac", 12345, 2, 44100)
    code, out, err = enhance(source)
    assert (code, out) == (0, "")
    assert err.startswith("1 file enhanced: 0.3 s of audio in ")
    assert err.endswith(f" s, written to {tmp_path / 'a.b.enhanced.flac'}\n")
    assert list_files(tmp_path) == ["a.b.enhanced.flac", "a.b.flac"]
    info = soundfile.info(tmp_path / "a.b.enhanced.flac")
    assert (info.samplerate, info.channels, info.frames) == (44100, 2, 12345)


def test_a_folder_keeps_its_structure_and_other_files_are_skipped(
    tmp_path: Path, enhance: Run
) -> None:
    noisy = tmp_path / "noisy"
    for name in ("a.wav", "deep/er/b.FLAC", "c.ogg", ".hidden.wav", ".cache/d.wav"):
        make_file(noisy / name)
    (noisy / "notes.txt").write_text("no sound")
    code, _, err = enhance(noisy, "-o", tmp_path / "out")
    assert code == 0
    assert err.startswith("3 of 3 files enhanced")
    assert list_files(tmp_path / "out") == ["a.wav", "c.wav", "deep/er/b.FLAC"]


def test_a_folder_without_output_gets_its_own_and_does_not_enhance_them_again(
    tmp_path: Path, enhance: Run
) -> None:
    make_file(tmp_path / "a.wav")
    make_file(tmp_path / "sub" / "b.mp3", 48000, 1, 48000)
    assert enhance(tmp_path)[0] == 0
    expected = ["a.enhanced.wav", "a.wav", "sub/b.enhanced.wav", "sub/b.mp3"]
    assert list_files(tmp_path) == expected
    assert enhance(tmp_path, "--overwrite")[0] == 0
    assert list_files(tmp_path) == expected


def test_the_summary_says_where_the_results_are(tmp_path: Path, enhance: Run) -> None:
    files = [make_file(tmp_path / "in" / name, 800) for name in ("a.wav", "b.wav")]
    out = tmp_path / "out"
    for arguments, place in (
        ([*files], "beside their inputs"),
        ([*files, "-o", out], f"to {out}"),
        ([*files, tmp_path / "gone.wav", "-o", f"{out}/new"], f"to {out}/new"),
        ([files[0], tmp_path / "gone.wav", "-o", out, "--overwrite"], f"to {out / 'a.wav'}"),
    ):
        *_, last = enhance(*arguments)[2].splitlines()
        assert last.endswith(f" s, written {place}")
    *_, last = enhance(tmp_path / "gone.wav")[2].splitlines()
    assert last.startswith("0 of 1 files enhanced: 0.0 s") and "written" not in last


def test_an_output_folder_inside_the_input_is_not_an_input(tmp_path: Path, enhance: Run) -> None:
    make_file(tmp_path / "a.wav")
    for _ in range(2):
        assert enhance(tmp_path, "-o", tmp_path / "out", "--overwrite")[0] == 0
    assert list_files(tmp_path) == ["a.wav", "out/a.wav"]


@pytest.mark.parametrize("output", ["new", "new/", "there", "new.d/b.wav"])
def test_output_is_a_file_if_it_looks_like_one(tmp_path: Path, output: str, enhance: Run) -> None:
    source = make_file(tmp_path / "a.wav")
    (tmp_path / "there").mkdir()
    assert enhance(source, "-o", f"{tmp_path}/{output}")[0] == 0
    written = tmp_path / output if output.endswith(".wav") else tmp_path / output / "a.wav"
    assert soundfile.info(written).frames == 8000


def test_nothing_is_overwritten_unless_asked(tmp_path: Path, enhance: Run) -> None:
    source, target = make_file(tmp_path / "a.wav"), tmp_path / "b.wav"
    target.write_text("precious")
    code, _, err = enhance(source, "-o", target)
    assert code == 1
    assert f"speechgan: error: {target}: exists; use --overwrite to replace it" in err
    assert target.read_text() == "precious"
    assert enhance(source, "-o", target, "--overwrite")[0] == 0
    assert soundfile.info(target).frames == 8000


def test_an_input_is_never_overwritten(tmp_path: Path, enhance: Run) -> None:
    first = make_file(tmp_path / "a.wav")
    second = make_file(tmp_path / "other" / "a.wav")
    before = first.read_bytes(), second.read_bytes()
    for arguments in ([first, "-o", first], [tmp_path / "other", "-o", tmp_path / "other"]):
        code, _, err = enhance(*arguments, "--overwrite")
        assert code == 1
        assert "is itself an input; choose another output" in err
    # Not even where one input's output is another input.
    code, _, err = enhance(first, tmp_path / "other", "-o", tmp_path / "x" / ".." / "other")
    assert code == 1
    assert (first.read_bytes(), second.read_bytes()) == before


def test_several_recordings_do_not_go_into_a_file(tmp_path: Path, enhance: Run) -> None:
    source, other = make_file(tmp_path / "in" / "a.wav"), make_file(tmp_path / "b.wav")
    before = other.read_bytes()
    code, _, err = enhance(source.parent, "-o", other)
    assert code == 1
    assert f"error: {other}: is a file; name a folder with -o" in err
    assert other.read_bytes() == before


def test_no_folder_is_made_with_the_name_of_a_file(tmp_path: Path, enhance: Run) -> None:
    files = [make_file(tmp_path / "in" / name, 800) for name in ("a.wav", "b.wav")]
    both = tmp_path / "both.WAV"
    for inputs in (files, [tmp_path / "in"]):
        code, _, err = enhance(*inputs, "-o", both)
        assert code == 1
        assert f"error: {both}: is named like a file; name a folder with -o for several" in err
        assert not both.exists()
    # What says that it is a folder is one, as is a name with a dot in it.
    for output in (f"{both}/", both, tmp_path / "v1.2"):
        assert enhance(*files, "-o", output, "--overwrite")[0] == 0
        assert list_files(Path(output)) == ["a.wav", "b.wav"]


def test_two_inputs_for_one_output_are_refused(tmp_path: Path, enhance: Run) -> None:
    first = make_file(tmp_path / "1" / "a.wav")
    second = make_file(tmp_path / "2" / "a.ogg")
    code, _, err = enhance(first, second, "-o", tmp_path / "out")
    assert code == 1
    assert f"{second}: {first} would be written to {tmp_path / 'out' / 'a.wav'} too" in err
    assert not (tmp_path / "out").exists()


def test_a_bad_file_is_named_and_the_others_finish(tmp_path: Path, enhance: Run) -> None:
    noisy = tmp_path / "noisy"
    make_file(noisy / "a.wav")
    (noisy / "b.wav").write_text("This is text.")
    (noisy / "c.wav").touch()
    (noisy / "d.wav").symlink_to(noisy / "gone.wav")
    make_file(noisy / "e.wav", 1)
    soundfile.write(noisy / "f.wav", np.full(100, np.nan), 16000, "FLOAT")
    make_file(noisy / "g.wav", 8000, 8)
    code, out, err = enhance(noisy, tmp_path / "h.wav", "-o", tmp_path / "out", "--json")
    assert code == 1
    assert list_files(tmp_path / "out") == ["a.wav", "e.wav", "g.wav"]
    lines = sorted(err.splitlines(), key=lambda line: line.split(": ")[2][-5:])
    assert [line.split(": ")[2].rsplit("/")[-1] for line in lines] == [
        "b.wav",
        "c.wav",
        "d.wav",
        "f.wav",
        "h.wav",
    ]
    report = json.loads(out)
    errors = [file["error"] for file in report["files"] if "error" in file]
    assert [f"speechgan: error: {error}" for error in errors] == lines
    done = next(file for file in report["files"] if file["input"].endswith("g.wav"))
    assert done["output"] == str(tmp_path / "out" / "g.wav")
    assert (done["seconds"], done["sample_rate"], done["channels"]) == (0.5, 16000, 8)


def test_an_output_that_lacks_its_option_is_told_so(tmp_path: Path, enhance: Run) -> None:
    source, target = make_file(tmp_path / "a.wav"), tmp_path / "out.wav"
    hint = "put -o before it if it is the output"
    code, _, err = enhance(source, target)
    assert code == 1
    (line,) = [line for line in err.splitlines() if "error" in line]
    assert line.endswith(f"{target}: no such file; check the name, or {hint}")
    # Not where it is no output: alone, behind another that is missing, before others, with -o.
    for arguments in (
        [target],
        [tmp_path / "gone.wav", target],
        [target, source],
        [source, target, "-o", tmp_path / "out"],
    ):
        code, _, err = enhance(*arguments, "--overwrite")
        assert code == 1 and f"{target}: no such file; check the name\n" in err


def test_a_folder_without_audio_is_an_error(tmp_path: Path, enhance: Run) -> None:
    (tmp_path / "notes.txt").touch()
    code, _, err = enhance(tmp_path, "-o", tmp_path / "out")
    assert code == 1
    assert f"{tmp_path}: holds no audio files; looked for .aif" in err


def test_strength_0_is_the_input(tmp_path: Path, enhance: Run) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    samples = np.random.default_rng(0).integers(-(2**31), 2**31, (9000, 2), np.int32) >> 8 << 8
    soundfile.write(source, samples, 96000, "PCM_24")
    assert enhance(source, "-o", target, "--strength", "0")[0] == 0
    assert np.array_equal(soundfile.read(target, dtype="int32")[0], samples)
    assert soundfile.info(target).subtype == "PCM_24"
    assert enhance(source, "-o", target, "--overwrite")[0] == 0
    assert not np.array_equal(soundfile.read(target, dtype="int32")[0], samples)


Hear = Callable[..., tuple[int, bytes, bytes]]


def test_sound_goes_through_a_pipe(tmp_path: Path, model_folder: Path, enhance: Run) -> None:
    source = make_file(tmp_path / "a.wav", 8000, 2)
    command = [*COMMAND, "-", "--model", str(model_folder)]
    with source.open("rb") as file:
        done = subprocess.run(command, stdin=file, capture_output=True, check=True)
    enhance(source, "-o", tmp_path / "b.wav")
    assert done.stdout == (tmp_path / "b.wav").read_bytes()
    assert soundfile.info(io.BytesIO(done.stdout)).channels == 2
    assert done.stderr.startswith(b"1 file enhanced") and b"written" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "a.wav", "-o", "out"], "-: standard input and output take one recording"),
        (["folder", "-o", "-"], "-: standard input and output take one recording"),
        (["a.wav", "-o", "-", "--json"], "--json: standard output takes the sound"),
        (["a.wav", "--threads", "0"], "threads 0: must be 1 or more"),
        (["a.wav", "--batch", "0"], "batch 0: must be 1 or more"),
        (["a.wav", "--batch", "2", "--jobs", "2"], "--batch: takes files through one network in"),
        (["-", "--batch", "2", "--stream"], "--batch: takes files through one network in"),
        (["a.wav", "--batch", "2", "--cluster", "local"], "--batch: takes files through one"),
        (["a.wav", "--batch", "2", "--engine", "onnx"], "--batch: onnx takes one recording at a"),
        (["a.wav", "-o", "b.m4a"], "b.m4a: cannot write files named *.m4a; use one of"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    message: str,
    enhance: Run,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_file(tmp_path / "a.wav")
    make_file(tmp_path / "folder" / "a.wav")
    code, out, err = enhance(*arguments)
    assert (code, out) == (1, "")
    assert f"speechgan: error: {message}" in err
    assert list_files(tmp_path) == ["a.wav", "folder/a.wav"]


def test_bad_standard_input_is_an_error_and_sends_nothing(model_folder: Path, hear: Hear) -> None:
    for sent, reason in ((b"", b"an empty file"), (b"This is text.", b"not audio")):
        code, out, err = hear(sent, "enhance", "-", "--model", model_folder)
        assert (code, out) == (1, b"")
        # Without the temporary folder, which is gone by then.
        assert b"error: standard-input.wav: " + reason in err


@pytest.fixture
def _heeding_ctrl_c() -> Iterator[None]:
    """A shell that starts the tests in the background lets them, and their children, ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


Start = Callable[..., subprocess.Popen]


@pytest.fixture
def start_long_run(
    tmp_path: Path, model_folder: Path, make_endless: Callable[[Path], None]
) -> Iterator[Start]:
    """A command on files that are too long to be enhanced, once it has begun with all of them."""
    with ExitStack() as stack:

        def start(*names: str, how: tuple[str, ...]) -> subprocess.Popen:
            for name in names:
                make_endless(tmp_path / name)
            command = [*COMMAND, str(tmp_path), "--model", str(model_folder), *how]
            process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE))
            stack.callback(process.kill)
            while not all(find_part(tmp_path / name) for name in names):
                assert process.poll() is None
                time.sleep(0.02)
            return process

        yield start


def find_part(source: Path) -> Path | None:
    """What is being written of a file."""
    return next(source.parent.glob(f".{source.stem}.enhanced.*.part"), None)


@pytest.mark.usefixtures("_heeding_ctrl_c")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_leaves_no_half_file(
    tmp_path: Path, start_long_run: Start, number: signal.Signals, code: int, jobs: int
) -> None:
    names = [f"{n}.wav" for n in range(jobs)]
    process = start_long_run(*names, how=("--jobs", str(jobs)))
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    assert process.returncode == code
    assert err == (b"speechgan: interrupted\n" if number == signal.SIGINT else b"")
    assert list_files(tmp_path) == names


def test_jobs_side_by_side_write_the_same_bytes(tmp_path: Path, enhance: Run) -> None:
    for number in range(3):
        make_file(tmp_path / "in" / f"{number}.flac", 8000 * (number + 1), number + 1)
    (tmp_path / "in" / "bad.wav").write_text("no sound")
    for jobs in (1, 2):
        code, out, err = enhance(
            tmp_path / "in", "-o", tmp_path / str(jobs), "--jobs", jobs, "--json"
        )
        assert code == 1
        assert err.count("\n") == 1 and "bad.wav: not audio" in err
        names = [Path(file["input"]).name for file in json.loads(out)["files"]]
        assert names == ["0.flac", "1.flac", "2.flac", "bad.wav"]
    for name in list_files(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    assert len(list_files(tmp_path / "2")) == 3


def test_a_batch_gives_what_files_give_one_by_one(tmp_path: Path, enhance: Run) -> None:
    for number in range(5):
        size = 20_000 * (number % 3) + 700, number % 2 + 1, (16000, 48000)[number % 2]
        make_file(tmp_path / "in" / f"{number}.flac", *size)
    (tmp_path / "in" / "bad.wav").write_text("no sound")
    reports = []
    for options in (["--engine", "torch"], ["--batch", 2]):
        out = tmp_path / str(options[1])
        code, told, err = enhance(tmp_path / "in", "-o", out, "--json", *options)
        assert code == 1
        assert err.count("\n") == 1 and "bad.wav: not audio" in err
        reports.append(json.loads(told)["files"])
    for one, together in zip(*reports, strict=True):
        assert one["input"] == together["input"]
        assert one.get("error") == together.get("error")
        if "error" not in one:
            assert [one[key] for key in ("seconds", "sample_rate", "channels")] == [
                together[key] for key in ("seconds", "sample_rate", "channels")
            ]
            made, expected = (
                soundfile.read(r["output"], dtype="int16")[0] for r in (together, one)
            )
            assert made.shape == expected.shape
            assert np.abs(made.astype(int) - expected).max() <= 1
    assert list_files(tmp_path / "2") == [f"{number}.flac" for number in range(5)]
    # What is there stays.
    before = (tmp_path / "2" / "0.flac").read_bytes()
    code, _, err = enhance(tmp_path / "in", "-o", tmp_path / "2", "--batch", 2, "--strength", 0.5)
    assert code == 1 and err.count("exists; use --overwrite") == 5
    assert (tmp_path / "2" / "0.flac").read_bytes() == before


def test_a_batch_takes_a_pipe(tmp_path: Path, model_folder: Path, hear: Hear) -> None:
    heard = make_file(tmp_path / "a.wav", 8000, 2).read_bytes()
    code, out, _ = hear(heard, "enhance", "-", "--model", model_folder, "--batch", "4")
    assert (code, soundfile.info(io.BytesIO(out)).frames) == (0, 8000)


@pytest.mark.usefixtures("_heeding_ctrl_c")
def test_an_interrupted_batch_leaves_no_half_file(tmp_path: Path, start_long_run: Start) -> None:
    names = [f"{n}.wav" for n in range(3)]
    process = start_long_run(*names, how=("--batch", "3"))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert list_files(tmp_path) == names


def test_the_file_of_a_killed_worker_is_tried_once_more(
    tmp_path: Path, start_long_run: Start
) -> None:
    make_file(tmp_path / "0.wav", 16000 * 100)
    process = start_long_run("1.wav", how=("--jobs", "2"))
    # What its worker reads goes on; whoever tries again finds a shorter one.
    make_file(tmp_path / "short" / "1.wav", 16000 * 100).replace(tmp_path / "1.wav")
    (tmp_path / "short").rmdir()
    part = find_part(tmp_path / "1.wav")
    assert part
    os.kill(int(part.name.split(".")[-2]), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    first, last = err.decode().splitlines()
    assert re.fullmatch(r"speechgan: .*/1\.wav: its worker process \d+ ended with SIGKILL", first)
    assert last.startswith("2 of 2 files enhanced: 200.0 s of audio")
    assert process.returncode == 0
    assert list_files(tmp_path) == ["0.enhanced.wav", "0.wav", "1.enhanced.wav", "1.wav"]
