"""Recipes are run as a user runs them, but for what takes longest and is tested elsewhere."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[2] / "recipes"
QUICK = ("--no-dnsmos", "--workers", "1")
"""Arguments of `evaluate`: worker processes and DNSMOS take most of the time of a recipe."""
PYTHON = f"""#!/bin/sh
case " $* " in
  *" evaluate enhance "* | *" evaluate convert "*) set -- "$@" {" ".join(QUICK)} ;;
esac
exec "{sys.executable}" "$@"
"""

DRY_PYTHON = f"""#!{sys.executable} -S
import json, os, re, sys
words = sys.argv[1:]
if any(word.endswith("/saliency.py") for word in words):
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
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs `recipes/RECIPE` with arguments."""
    python = tmp_path_factory.mktemp("python") / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)

    def run(recipe: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"PYTHON": str(python)}
        words = [RECIPES / recipe, *arguments]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def dry_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DryRun:
    """Runs `recipes/RECIPE` with a speechgan that notes its arguments and scores $SCORES.

    saliency.py, which runs models, notes its own.
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
