"""Recipes are run as a user runs them, but for what takes longest and is tested elsewhere."""

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

Run = Callable[..., subprocess.CompletedProcess[str]]


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
