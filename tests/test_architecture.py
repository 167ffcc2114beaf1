"""The rooms of the house: an import only ever points down."""

import ast
from pathlib import Path

import pytest

import speechgan

ROOMS = [
    "cli",
    "inference",
    "training",
    "pretrained",
    "evaluation",
    "systems",
    "vocoders",
    "losses",
    "models",
    "data",
    "metrics",
    "features",
    "audio",
    "utils",
]
PACKAGE = Path(speechgan.__file__).parent


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_imports_point_down(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room.startswith("__"):
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("speechgan."):
            other = node.module.split(".")[1]
            assert ROOMS.index(other) >= ROOMS.index(room), f"{path.name} imports {node.module}"
