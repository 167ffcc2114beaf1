"""The rooms of the house: an import only ever points down, and every file holds one idea."""

import ast
from pathlib import Path

import pytest

import speechgan

ROOMS = [
    "cli",
    "page",
    "service",
    "cluster",
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


def find_rooms(source: str) -> list[str]:
    """Rooms of the package that a module imports, however it names them."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "speechgan":
            names += [f"speechgan.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    rooms = [name.split(".")[1] for name in names if name.startswith("speechgan.")]
    return [room for room in rooms if not room.startswith("__")]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_imports_point_down(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room.startswith("__"):
        return
    for other in find_rooms(path.read_text()):
        # A name that is no room, such as Enhancer, belongs to the top.
        assert other in ROOMS and ROOMS.index(other) >= ROOMS.index(room), f"imports {other}"


def test_every_way_to_import_is_seen() -> None:
    source = "import speechgan.cli\nfrom speechgan import audio\nfrom speechgan.data import cache"
    assert sorted(find_rooms(source)) == ["audio", "cli", "data"]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_everything_fits_on_a_few_screens(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name
            if node.name == "__init__":
                assert len(node.args.args) + len(node.args.kwonlyargs) <= 9, "with self"
