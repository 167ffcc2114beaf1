"""Model folders that somebody else made, each spoiled in a way that a number chooses."""

import json
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

CANARY = "speechgan_fuzz_canary"
"""A module that leaves a mark when it is imported, and a class that does so when it is made."""

TARGETS = (
    f"{CANARY}.Canary",
    f"speechgan.models.{CANARY}.Canary",
    "os.system",
    "builtins.eval",
    "subprocess.Popen",
    "speechgan.utils.files.write_whole",
    "speechgan.models.generators.band_crn.nn.Linear",
    "speechgan.models.generators.band_crn.np",
    "speechgan.models.generators.no_such.Thing",
    "speechgan.models...Thing",
    "../../evil.Thing",
    "",
    7,
    None,
    ["os", "system"],
)
VALUES: tuple[Any, ...] = (
    *(10**9, 10**30, -1, 0, 1, 3, 0.5, 2**17, 1e300, float("nan"), float("-inf")),
    *(None, True, "", "text", "../../../etc/passwd", "x" * 100_000),
    *([], {}, [1, [2, [3]]], {"_target_": "os.system"}, {"a": 1}, [10**9] * 10),
)
Mutation = Callable[[random.Random, Path], str]


def make_model(number: int, original: Path, folder: Path) -> str:
    """Copies a model folder and spoils it; what was done."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    chance = random.Random(number)
    usable = [
        m for m in MUTATIONS if m is not spoil_speakers or (folder / "speakers.json").exists()
    ]
    return chance.choice(usable)(chance, folder)


def write_canary(folder: Path) -> Path:
    """A module for `sys.path`, and the mark that it leaves if it is ever run."""
    mark = folder / "mark"
    (folder / f"{CANARY}.py").write_text(
        f"import pathlib\nMARK = pathlib.Path({str(mark)!r})\nMARK.touch()\n"
        "class Canary:\n    def __init__(self, **arguments):\n        MARK.touch()\n"
    )
    return mark


def spoil_setting(chance: random.Random, folder: Path) -> str:
    """One setting has another value, or is missing, or is one too many."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    holder, key = chance.choice(list(_leaves(config)))
    what = chance.choice(("set", "set", "set", "drop", "add"))
    value = chance.choice(VALUES)
    if what == "drop":
        del holder[key]
    else:
        holder[key if what == "set" else "unknown"] = value
    path.write_text(yaml.safe_dump(config))
    return f"config.yaml: {what} {key} {str(value)[:40]}"


def spoil_target(chance: random.Random, folder: Path) -> str:
    """Something else is to be built."""
    path = folder / "config.yaml"
    config = yaml.safe_load(path.read_text())
    part, target = chance.choice(("features", "generator")), chance.choice(TARGETS)
    config[part]["_target_"] = target
    path.write_text(yaml.safe_dump(config))
    return f"config.yaml: {part}._target_ {target}"


def spoil_yaml(chance: random.Random, folder: Path) -> str:
    """YAML that runs something, that never ends, or that is none."""
    laughs = "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12)
    )
    text = chance.choice(
        (
            f'!!python/object/apply:os.mkdir ["{folder.parent / "mark"}"]\n',
            f"task: !!python/name:{CANARY}.Canary\n",
            "[" * 5000,
            "a: " * 500,
            laughs,
            "task: [\n",
            "- 1\n- 2\n",
            "null\n",
            "\0\1\2",
            "task: enhance\n" * 2,
        )
    )
    (folder / "config.yaml").write_text(text)
    return f"config.yaml: {text[:40]!r}"


def spoil_speakers(chance: random.Random, folder: Path) -> str:
    """One value of the speakers is another, or the list is none."""
    path = folder / "speakers.json"
    rows = json.loads(path.read_text())
    if chance.random() < 0.3:
        text = chance.choice(("{}", "[]", "null", "[" * 100_000, "[[]]", '["a"]', "[NaN]", "{"))
        path.write_text(text)
        return f"speakers.json: {text[:20]}"
    holder, key = chance.choice(list(_leaves(rows)))
    value = chance.choice(VALUES)
    holder[key] = value
    path.write_text(json.dumps(rows))
    return f"speakers.json: {key} {str(value)[:40]}"


def spoil_header(chance: random.Random, folder: Path) -> str:
    """The header of the weights lies: about its length, shapes, types, places or names."""
    path = folder / "model.safetensors"
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
    kind = chance.choice(("length", "shape", "dtype", "offsets", "name", "nested", "drop"))
    name = chance.choice([key for key in header if key != "__metadata__"])
    if kind == "length":
        claimed = chance.choice((0, 1, 10**10, 2**63, 2**64 - 1, length + 1, length - 1))
        path.write_bytes(struct.pack("<Q", claimed) + data[8:])
        return f"model.safetensors: header of {claimed}"
    if kind == "shape":
        header[name]["shape"] = chance.choice(([10**9, 10**9], [-1], [], [0], [1.5], "x", [2**62]))
    elif kind == "dtype":
        header[name]["dtype"] = chance.choice(("F64", "U8", "X9", 7, None, "BOOL"))
    elif kind == "offsets":
        header[name]["data_offsets"] = chance.choice(([0, 10**10], [-8, 8], [8, 0], [], "x"))
    elif kind == "name":
        header[chance.choice(("../../x", "", "a" * 10_000, "weight"))] = header.pop(name)
    elif kind == "drop":
        del header[name]
    text = b"[" * 50_000 if kind == "nested" else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + rest)
    return f"model.safetensors: {kind} of {name}"


def spoil_bytes(chance: random.Random, folder: Path) -> str:
    """A file is cut, has flipped bits, is rubbish, empty, a folder, or is not there."""
    path = chance.choice(sorted(path for path in folder.iterdir() if path.is_file()))
    data = bytearray(path.read_bytes())
    kind = chance.choice(("cut", "flip", "rubbish", "empty", "folder", "missing", "latin"))
    if kind == "cut":
        path.write_bytes(data[: chance.randrange(len(data))])
    elif kind == "flip":
        for _ in range(chance.choice((1, 30))):
            data[chance.randrange(min(len(data), 4000))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    elif kind in ("rubbish", "empty", "latin"):
        contents = {"rubbish": chance.randbytes(3000), "empty": b"", "latin": b"\xe4\xf6\xfc: \xff"}
        path.write_bytes(contents[kind])
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
    return f"{path.name}: {kind}"


def _leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Holders and keys of all that stands in dicts and lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        yield value, key
        if isinstance(item, dict | list):
            yield from _leaves(item)


MUTATIONS: tuple[Mutation, ...] = (
    spoil_setting,
    spoil_setting,
    spoil_setting,
    spoil_target,
    spoil_yaml,
    spoil_speakers,
    spoil_speakers,
    spoil_header,
    spoil_header,
    spoil_bytes,
    spoil_bytes,
)
