"""`speechgan completion`: scripts that shells take."""

import shutil
import subprocess

import pytest

from speechgan.cli.completion import SHELLS
from speechgan.cli.main import COMMANDS, main


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_know_all_commands_and_their_options(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    for word in (*COMMANDS, "--attenuation-limit", "--target-speaker"):
        assert word in script


def test_bash_completes_commands_options_and_files(tmp_path, capsys):
    assert shutil.which("bash")
    main(["completion", "bash"])
    (tmp_path / "script").write_text(capsys.readouterr().out)
    (tmp_path / "noisy.wav").touch()

    def complete(*words: str) -> set[str]:
        asked = (
            'source ./script; COMP_WORDS=(speechgan "$@"); COMP_CWORD=$#; '
            "_shtab_speechgan; printf '%s\\n' \"${COMPREPLY[@]}\""
        )
        command = ["bash", "-c", asked, "-", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return {word.strip() for word in done.stdout.splitlines()}

    assert complete("enh") == {"enhance"}
    assert complete("enhance", "--stren") == {"--strength"}
    for words in (
        ("enhance",),
        ("evaluate", "enhance", "--clean"),
        ("evaluate", "convert", "--report"),
        ("explain",),
        ("dream", "--model"),
        ("data", "scan"),
        ("models", "show"),
        ("export", "default", "--onnx"),
    ):
        assert complete(*words, "noi") == {"noisy.wav"}, words


def test_a_misspelt_command_is_told_the_right_one(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["enhence", "a.wav"])
    assert caught.value.code == 2
    assert "enhence: no such command (did you mean enhance?)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "like"),
    [
        ("evaluate enhnace", "(did you mean enhance?)"),
        ("data scam", "(did you mean scan?)"),
        ("convert --src a.wav --target-speaker b --vocoder wrld", "(did you mean world?)"),
        ("enhance a.wav --strenth 0.5", "--strenth 0.5 (did you mean --strength?)"),
        ("enhance a.wav --strenth=0.5", "(did you mean --strength?)"),
        ("data fetch vctk --mirorr b", "(did you mean --mirror?)"),
    ],
)
def test_a_misspelt_argument_is_told_the_right_one(words, like, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2
    assert capsys.readouterr().err.strip().endswith(like)
