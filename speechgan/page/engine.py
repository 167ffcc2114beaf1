"""Models that run in the visitor's browser, and their files on the server."""

import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from speechgan.pretrained.folder import ONNX, SHIPPED, load_config

RUNTIME = "engine/runtime/"
GRAPHS = "engine/graphs/"


def list_graphs(names: Iterable[str]) -> dict[str, Path]:
    """The one-frame graphs of shipped models, which are public, by name.

    Args:
        names: of models.
    """
    places = {name: SHIPPED / name / ONNX for name in names}
    return {name: path for name, path in places.items() if path.is_file()}


def describe(name: str, base: str = "") -> dict[str, Any]:
    """The settings with which `static/enhance/enhance.js` runs a shipped model.

    Args:
        name: one of `list_graphs`.
        base: base URL of the files; empty for the page's own.
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
    """The options of a selection list as HTML, in groups.

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
