"""`speechgan serve`: what its arguments come to, and a server from its start to its end."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

import httpx

from speechgan.cli.main import main
from speechgan.service.app import Service
from speechgan.service.models import Models
from speechgan.utils.errors import SpeechganError


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Service, str, int]]:
    """What would be served, and where."""
    calls: list[tuple[Service, str, int]] = []

    class Server:
        def __init__(self, *arguments: Any) -> None:
            calls.append(arguments)  # type: ignore[arg-type]

        def run(self) -> None:
            """At once at its end."""

    monkeypatch.setattr("speechgan.service.server.make_server", Server)
    monkeypatch.delenv("SPEECHGAN_TOKEN", raising=False)
    return calls


def test_only_this_machine_may_call_unless_told_otherwise(served: list[Any]) -> None:
    assert main(["serve", "--model", "tiny"]) == 0
    [(service, host, port)] = served
    assert (host, port) == ("127.0.0.1", 8000)
    assert service.access.hosts == {"127.0.0.1", "localhost", "::1"}
    assert service.access.origins == set() and service.access.token is None


def test_arguments_are_heeded(served: list[Any], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    words = "--model tiny --listen 0.0.0.0 --port 80 --allow-host Sound.example.org"
    words += " --allow-origin https://example.org/ --max-streams 3 --max-idle-seconds 1.5"
    assert main(["serve", *words.split(), "--token-file", str(tmp_path / "token")]) == 0
    [(service, host, port)] = served
    assert (host, port) == ("0.0.0.0", 80)
    assert {"0.0.0.0", "sound.example.org"} < service.access.hosts
    assert service.access.origins == {"https://example.org"}
    assert service.access.token == "secret"
    assert (service.limits.streams, service.limits.idle_seconds) == (3, 1.5)


@pytest.mark.parametrize(
    "words",
    [
        "--allow-host sound.example.org:8000",
        "--allow-host https://sound.example.org",
        "--allow-host [::1]",
        "--allow-origin example.org",
        "--allow-origin https://example.org/page",
    ],
)
def test_names_that_no_call_would_ever_have_are_refused(
    words: str, served: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *words.split()])
    assert caught.value.code == 2 and served == []
    assert words.split()[1] in capsys.readouterr().err


def test_addresses_and_ports_of_pages_are_heeded(served: list[Any]) -> None:
    words = "--model tiny --allow-host ::2 10.0.0.1 --allow-origin http://localhost:3000"
    assert main(["serve", *words.split()]) == 0
    assert {"::2", "10.0.0.1"} < served[0][0].access.hosts
    assert served[0][0].access.origins == {"http://localhost:3000"}


def test_the_token_may_come_from_the_environment(
    served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPEECHGAN_TOKEN", "secret")
    assert main(["serve", "--model", "tiny"]) == 0
    assert served[0][0].access.token == "secret"


@pytest.mark.parametrize("token", ["", " \n", "gehëim", "two\nlines"])
def test_a_token_that_is_none_lets_nobody_start(
    token: str, served: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "token"
    path.write_text(token)
    assert main(["serve", "--model", "tiny", "--token-file", str(path)]) == 1
    assert "a token is ASCII text" in capsys.readouterr().err
    assert main(["serve", "--model", "tiny", "--token-file", str(tmp_path / "none")]) == 1
    assert "cannot be read (No such file" in capsys.readouterr().err
    assert served == []


@pytest.mark.parametrize("words", ["--max-streams 0", "--jobs 0", "--max-idle-seconds -1"])
def test_numbers_that_are_none_are_refused(words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", *words.split()])
    assert caught.value.code == 2


def test_two_models_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpeechganError, match="two models named tiny"):
        Models(["tiny", "tiny"])


def test_a_folder_is_served_by_its_name_and_nobody_learns_where_it_lies(
    converter_folder: Path,
) -> None:
    models = Models([str(converter_folder)])
    assert [fact["name"] for fact in models.describe()] == ["two"]
    for ask in (lambda: models.converter("two").check("x"), lambda: models.enhancer(None)):
        with pytest.raises(SpeechganError) as caught:
            ask()
        assert str(converter_folder.parent) not in str(caught.value)
    assert str(caught.value) == "no model is served to enhance"


def test_nothing_of_the_extra_train_is_imported() -> None:
    program = (
        "import sys; from speechgan.service import models, server\n"
        "models.Models()\n"
        "print({'torch', 'scipy', 'librosa', 'hydra', 'onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


def test_a_server_starts_answers_and_ends() -> None:
    command = [sys.executable, "-m", "speechgan", "serve", "--model", "tiny", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = ""
        while not (place := re.search(r"http://127\.0\.0\.1:\d+", said)):
            line = server.stderr.readline()
            assert line, said
            said += line
        secret = {"target_speaker": "secret"}
        assert httpx.get(f"{place[0]}/health", timeout=60).status_code == 200
        httpx.post(f"{place[0]}/convert", params=secret, content=b"", timeout=60)
        server.terminate()
        said += server.stderr.read()
    assert "secret" not in said and "Traceback" not in said
    assert server.returncode == 143


@pytest.mark.skipif(sys.platform == "win32", reason="Python makes a terminal (pty) on Unix only")
@pytest.mark.parametrize(("no_color", "coloured"), [("1", False), ("", True)])
def test_colours_can_be_left_out(no_color: str, coloured: bool) -> None:
    program = (
        "import os, pty, sys\n"
        "from speechgan.service.limits import Limits\n"
        "from speechgan.service.server import bound_server\n"
        "os.dup2(pty.openpty()[1], 2)\n"
        "print(bound_server(None, Limits(), '127.0.0.1', 0).config.use_colors)"
    )
    environment = {**os.environ, "NO_COLOR": no_color}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.stdout == f"{coloured}\n", done.stderr
