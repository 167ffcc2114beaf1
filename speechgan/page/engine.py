"""Models that run in the visitor's browser: which, and where their files are on the server."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from speechgan.pretrained.folder import ONNX, SHIPPED, load_config

RUNTIME = "engine/runtime/"
GRAPHS = "engine/graphs/"


def list_graphs(names: Iterable[str]) -> dict[str, Path]:
    """By name, the graphs of one frame of those models that ship: they are anybody's already.

    Args:
        names: of models.
    """
    places = {name: SHIPPED / name / ONNX for name in names}
    return {name: path for name, path in places.items() if path.is_file()}


def describe(name: str, base: str = "") -> dict[str, Any]:
    """What `static/enhance/enhance.js` needs to run a model that ships.

    Args:
        name: one of `list_graphs`.
        base: URL below which the files lie; without it the page's own.
    """
    config = load_config(SHIPPED / name)
    features = config["features"]
    return {
        "runtime": base + RUNTIME,
        "graph": f"{base}{GRAPHS}{name}.onnx",
        "model": {
            "sampleRate": config["sample_rate"],
            "fftSize": features["n_fft"],
            "hopLength": features["hop_length"],
        },
    }


def format_choices(groups: dict[str, dict[str, dict[str, Any]]]) -> str:
    """A list's choices as HTML: by the title of a group, what a stream can make of a sound.

    Args:
        groups: title and value of each choice, by the title of its group.
    """
    lists = {
        title: "".join(_format_choice(name, wish) for name, wish in choices.items())
        for title, choices in groups.items()
    }
    return "".join(
        f'<optgroup label="{escape(title)}">{options}</optgroup>'
        for title, options in lists.items()
        if options
    )


def _format_choice(title: str, wish: dict[str, Any]) -> str:
    return f'<option value="{escape(json.dumps(wish))}">{escape(title)}</option>'
