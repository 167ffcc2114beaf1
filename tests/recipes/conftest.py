"""Recipes are run as a user runs them, but for what takes longest and is tested elsewhere."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
QUICK = ("--no-dnsmos", "--workers", "1")
"""Arguments of `evaluate`: worker processes and DNSMOS take most of the time of a recipe."""
FEW = ("--count", "40")
"""The same of `evaluate generate`, which judges a thousand images."""
WARM = Path(__file__).with_name("warm_python.py")


def format_python(address: Path) -> str:
    """A `python` for recipes, whose commands run in copies of the one at this address."""
    return f"""#!/bin/sh
case " $* " in
  *" evaluate enhance "* | *" evaluate convert "*) set -- "$@" {" ".join(QUICK)} ;;
  *" evaluate generate "*) set -- "$@" {" ".join(FEW)} ;;
esac
exec "{sys.executable}" -S "{WARM}" "{address}" "$@"
"""


DRY_PYTHON = f"""#!{sys.executable} -S
import json, os, re, sys
words = sys.argv[1:]
if any(word.endswith(("/saliency.py", "/heads.py")) for word in words):
    words.insert(0, "speechgan")
if "speechgan" not in words:
    os.execv({sys.executable!r}, [{sys.executable!r}, *words])
command = words[words.index("speechgan") + 1 :]
with open(os.environ["COMMANDS"], "a") as file:
    print(json.dumps(command), file=file)
for word in command:
    if word.startswith("run.folder="):
        os.makedirs(word.partition("=")[2].strip("'"), exist_ok=True)
if "--json" in command:
    with open(command[command.index("--json") + 1], "w") as file:
        file.write(os.environ["SCORES"])
"""

Run = Callable[..., subprocess.CompletedProcess[str]]
DryRun = Callable[..., tuple[subprocess.CompletedProcess[str], list[list[str]]]]


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Path]:
    """The address of a Python that waits for commands; see warm_python.py."""
    # Short, as the name of a socket has to be.
    with tempfile.TemporaryDirectory(prefix="sg-") as folder:
        address = Path(folder) / "s"
        with subprocess.Popen([sys.executable, WARM, address]) as process:
            while not address.exists() and process.poll() is None:
                time.sleep(0.1)
            yield address
            process.terminate()


@pytest.fixture(scope="session")
def run(warm_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs `recipes/RECIPE`, of the shell or of Python, with arguments."""
    python = tmp_path_factory.mktemp("python") / "python"
    python.write_text(format_python(warm_python))
    python.chmod(0o755)

    def run(recipe: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHON": str(python)}
        words = [RECIPES / recipe, *arguments]
        if recipe.endswith(".py"):
            words[:0] = [python, "-P"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DryRun:
    """Runs `recipes/RECIPE` with a speechgan that notes its arguments and scores $SCORES.

    saliency.py and heads.py, which run models, note their own.
    """
    python, noted = tmp_path / "python", tmp_path / "commands"
    python.write_text(DRY_PYTHON)
    python.chmod(0o755)
    monkeypatch.setenv("PYTHON", str(python))
    monkeypatch.setenv("COMMANDS", str(noted))

    def run(
        recipe: str, *arguments: str | Path
    ) -> tuple[subprocess.CompletedProcess[str], list[list[str]]]:
        noted.write_text("")
        words = [RECIPES / recipe, *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done, [json.loads(line) for line in noted.read_text().splitlines()]

    return run


@pytest.fixture
def run_out_of_disk(tmp_path: Path) -> Run:
    """Runs a recipe whose evaluations write their scores, and fail at their report."""
    python = tmp_path / "python"
    python.write_text(f"""#!/bin/bash
for word; do
  [[ "$before" != --json ]] || json="$word"
  before="$word"
done
[[ -z "$json" ]] || {{ echo "{{}}" > "$json"; exit 1; }}
exec "{sys.executable}" "$@"
""")
    python.chmod(0o755)

    def run(recipe: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHON": str(python)}
        words = [RECIPES / recipe, *arguments]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    return run
