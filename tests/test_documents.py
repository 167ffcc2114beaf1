"""What README and docs tell people to type is run, or where it would train for hours, checked."""

import argparse
import itertools
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import soundfile

from speechgan.cli.main import build_parser, main
from speechgan.pretrained.folder import SHIPPED
from speechgan.training.compose import compose
from speechgan.training.sweeping.space import parse_space

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^(?:    [^\n]*\n|\n(?=    ))+|^```(\w*)\n(.*?)^```$", re.M | re.S)
# Those that need no training, no data but a recording, no network, no cluster, no microphone.
QUICK = ("enhance", "convert", "generate", "models", "speakers", "completion", "restore", "detect")
QUICK_DATA = [["data", action] for action in ("scan", "voices", "shard")]
WRITING = ("enhance", "convert", "generate", "restore", "scan", "shard")
# What stands for somebody's own: a folder of recordings, a speaker, the folder of a training.
WORDS = {"NAME": "kerstin", "SOURCE": "p226", "TARGET": "kerstin", "anna": "kerstin"}
OPTIONAL = re.compile(r"\s\[-.*?\]")


def find_blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language, empty if unsaid, and text of each code block."""
    for match in BLOCK.finditer(page.read_text()):
        if match[0].startswith("```"):
            yield match[1], match[2]
        else:
            yield "", "\n".join(line[4:] for line in match[0].splitlines())


def find_commands(page: Path, *programs: str) -> Iterator[list[str]]:
    """Words of each command of a program, without what is piped or compared beside it."""
    for language, text in find_blocks(page):
        if language not in ("", "bash", "console", "sh"):
            continue
        for line in text.replace("\\\n", " ").splitlines():
            for part in re.split(r"\s(?:\||&&|;)\s", line.split("  #")[0].strip()):
                if part.split(" ")[0] in programs and " " in part:
                    yield shlex.split(OPTIONAL.sub("", part))


def name(words: list[str]) -> str:
    return " ".join(words)[:70]


SPOKEN = [words for page in PAGES for words in find_commands(page, "speechgan")]
TRAININGS = [words for words in SPOKEN if words[1:2] == ["train"]]
SWEEPS = [words for words in SPOKEN if words[1:2] == ["sweep"]]
ELSEWHERE = {"--stream", "--cluster", "-", "..."}
RUN = [
    words
    for words in SPOKEN
    if words[1] in QUICK or words[1:3] in QUICK_DATA
    if ELSEWHERE.isdisjoint(words)
]
SCRIPTS = [
    words
    for page in PAGES
    for words in find_commands(page, "python")
    if words[1:] and words[1].startswith(("benchmarks/", "recipes/", "docs/", "examples/"))
]
PYTHON = [
    pytest.param(text, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (language, text) in enumerate(find_blocks(page))
    if language == "python"
]


def test_there_is_something_to_check() -> None:
    counts = [len(found) for found in (SPOKEN, TRAININGS, RUN, SCRIPTS, PYTHON)]
    assert min(counts) > 3, counts


@pytest.mark.parametrize("words", SPOKEN, ids=name)
def test_commands_have_these_arguments(words: list[str]) -> None:
    _, rest = build_parser(words[1:2]).parse_known_args(words[1:])
    assert not [word for word in rest if word.startswith("-")]


def list_anchors(page: Path) -> set[str]:
    """What links to headings of a page are called, as GitHub has it."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", text.lower()).replace(" ", "-") for text in headings}


# Pages of the reference are made for the site, and lead to pages that are only there.
@pytest.mark.parametrize(
    "page",
    [*(x for x in PAGES if x.parent.name != "reference"), ROOT / "examples/README.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        leads_to = page.parent / path if path else page
        assert leads_to.exists(), target
        assert not anchor or anchor in list_anchors(leads_to), target


@pytest.mark.parametrize("words", TRAININGS, ids=name)
def test_trainings_have_these_settings(words: list[str]) -> None:
    compose(words[2], [word for word in words[3:] if not word.startswith("-")])


@pytest.mark.parametrize("words", SWEEPS, ids=name)
def test_sweeps_have_these_settings(words: list[str]) -> None:
    space = parse_space([word for word in words[3:] if "=" in word])
    chosen = {key: getattr(kind, "choices", None) or [kind.low] for key, kind in space.free.items()}
    compose(words[2], space.settings({key: values[0] for key, values in chosen.items()}))


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where somebody has the recordings and the models that the commands speak of."""
    wave, rate = soundfile.read(ROOT / "tests/assets/noisy/p228_wind.flac", frames=24000)
    sounds = ["noisy.wav", "a.wav", "talk.wav", "talk.flac", "call.wav", "recordings/in/a.wav"]
    sounds += ["DIR/speech/a.wav", "DIR/noise/a.wav"]
    sounds += [f"DIR/{x}/test/noisy/a.wav" for x in ("pairs", "far")]
    sounds += ["DIR/voices/p226/test/a.wav", "DIR/bob/test/a.wav"]
    for sound in sounds:
        (tmp_path / sound).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / sound, wave, rate)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    shutil.copytree(SHIPPED / "tiny", tmp_path / "runs/mine/best")
    shutil.copytree(SHIPPED / "kerstin-p226", tmp_path / "runs/voices/best")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", RUN, ids=name)
def test_commands_run(words: list[str], sandbox: Path) -> None:
    jobs = ["--jobs", "1"] if words[1] in ("enhance", "convert", "restore") else []
    for option, target in itertools.pairwise(words):
        if option == "-o" and (sandbox / target).is_file():
            (sandbox / target).unlink()
    if words[1] == "detect":
        # What a command before it has made.
        Path("converted").mkdir()
        shutil.copy("a.wav", words[2] if words[2].endswith(".wav") else "converted")
    before = set(sandbox.rglob("*"))
    assert main([WORDS.get(word, word.replace("SOURCE", "p226")) for word in words[1:]] + jobs) == 0
    verb = words[2] if words[1] == "data" else words[1]
    assert (set(sandbox.rglob("*")) > before) == (verb in WRITING)


@pytest.mark.parametrize("words", SCRIPTS, ids=name)
def test_scripts_have_these_arguments(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    parse = argparse.ArgumentParser.parse_known_args

    class ParsedError(Exception):
        """Enough: what would follow takes minutes."""

    def parse_only(self: argparse.ArgumentParser, *arguments: Any) -> None:
        raise ParsedError(parse(self, *arguments)[1])

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", parse_only)
    monkeypatch.setattr(sys, "argv", words[1:])
    monkeypatch.syspath_prepend((ROOT / words[1]).parent)
    with pytest.raises(ParsedError) as caught:
        runpy.run_path(str(ROOT / words[1]), run_name="__main__")
    assert not [word for word in caught.value.args[0] if "=" not in word]


@pytest.fixture
def server() -> Iterator[int]:
    """`speechgan serve`, at a port of its own."""
    command = [sys.executable, "-m", "speechgan", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        place = None
        while place is None:
            line = process.stderr.readline()
            assert line, "the server does not start"
            place = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        yield int(place[1])
        process.terminate()


@pytest.mark.parametrize("text", PYTHON)
def test_python_runs(
    text: str, sandbox: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What hands a training to SLURM, which is not here; the training's settings are composed.
    monkeypatch.setitem(sys.modules, "submitit", Mock())
    wave, sample_rate = soundfile.read("noisy.wav", dtype="float32")
    served = "127.0.0.1:8000" in text
    blocks = np.split(wave, 10)
    played: list[Any] = []
    known = {
        "np": np,
        "wave": wave,
        "sample_rate": sample_rate,
        "microphone": [(b * 32767).astype("<i2").tobytes() for b in blocks] if served else blocks,
        "play": played.append,
    }
    if served:
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{request.getfixturevalue('server')}")
    exec(compile(text, "document", "exec"), known)
    if "play(" in text:
        heard = b"".join(played) if served else np.concatenate(played)
        assert len(heard) == len(wave) * (2 if served else 1)
