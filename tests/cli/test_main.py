"""The entry point: quick, and every failure one line and a code."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import speechgan
from speechgan.cli.main import COMMANDS, main

COMMAND = [sys.executable, "-m", "speechgan"]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    for name, (_, summary) in COMMANDS.items():
        assert name in shown and summary in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert f"usage: speechgan {name}" in capsys.readouterr().out


def test_help_imports_nothing_slow() -> None:
    """One command's after the other: what one imports is told of those after it too."""
    script = (
        "import sys\n"
        "from speechgan.cli.main import main\n"
        "for words in ([], *([name] for name in sys.argv[1:])):\n"
        "    try:\n"
        "        main([*words, '--help'])\n"
        "    except SystemExit:\n"
        "        slow = {'torch', 'numpy', 'soundfile', 'hydra', 'tqdm', 'yaml'}\n"
        "        print(words, sorted(slow & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *COMMANDS], capture_output=True, text=True, check=True
    )
    asked = [[], *([name] for name in COMMANDS)]
    assert done.stderr.splitlines() == [f"{words} []" for words in asked]


def test_version() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"speechgan {speechgan.__version__}\n"


@pytest.mark.parametrize(
    "arguments", [[], ["nonesuch"], ["enhance"], ["enhance", "a", "--strength", "1.5"]]
)
def test_what_cannot_be_parsed_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: speechgan" in capsys.readouterr().err


def test_an_error_is_one_line_and_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "show", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(f"speechgan: error: {tmp_path}: holds no config.yaml")
    assert shown.err.count("\n") == 1


def test_a_reader_that_leaves_is_no_error_to_report(model_folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*COMMAND, "models", "show", str(model_folder)],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert done.stderr == ""


@pytest.mark.skipif(os.name == "nt", reason="closes streams by a shell of Unix")
@pytest.mark.parametrize(
    ("words", "closed", "code", "said"),
    [
        ("models", ">&-", 0, ""),
        ("models show none", "2>&-", 1, ""),
        ("enhance -", "<&-", 1, "standard-input.wav: an empty file"),
        ("enhance - --stream --engine onnx", "<&-", 1, "-: not WAV"),
    ],
)
def test_a_closed_stream_is_an_empty_one(words: str, closed: str, code: int, said: str) -> None:
    # Only a shell leaves a stream closed; nothing of the line comes from outside this file.
    command = f"exec {shlex.join(COMMAND)} {words} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == code and done.stdout == ""
    assert "Traceback" not in done.stderr and said in done.stderr


def test_settings_may_stand_before_and_after_options(capsys):
    words = ["train", "enhance", "data.root=/x", "--cfg", "job", "trainer.max_steps=7"]
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert "root: /x" in printed and "max_steps: 7" in printed


def test_an_unknown_option_is_refused(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["train", "enhance", "--fast"])
    assert caught.value.code == 2
    assert "--fast" in capsys.readouterr().err


def test_a_file_whose_name_begins_with_a_dash_is_told_how_to_be_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-dash.wav").touch()
    with pytest.raises(SystemExit) as caught:
        main(["enhance", "-dash.wav"])
    assert caught.value.code == 2
    assert "-dash.wav: would be taken for an option; write ./-dash.wav" in capsys.readouterr().err


def test_descriptions_keep_their_capitals(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    assert "Write a model as an ONNX file, to run without PyTorch." in capsys.readouterr().out
