"""The models that a server serves, loaded once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from speechgan.inference.conversion.converter import Converter
from speechgan.inference.enhancement.enhancer import Enhancer
from speechgan.inference.restorer import Restorer
from speechgan.pretrained.folder import (
    SHIPPED,
    find_model,
    list_models,
    load_config,
    load_summary,
)
from speechgan.pretrained.hub import PLACE
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

TASKS = ("enhance", "convert")
RESTORE = "restore"
"""The name of the model for restoration."""


class Models:
    """The served models by name; a name in a request never becomes a path.

    Args:
        names: of shipped models, or model folders, which are served under the folder's own name,
            or of models on the hub, `owner/model`, which are served as `model`; the first of a task
            is its default. None serves all shipped models.
        threads: of the CPU, for each call.

    Raises:
        SpeechganError: no such model, one that cannot be loaded, or two of one name.
    """

    def __init__(self, names: Sequence[str] | None = None, threads: int = 1) -> None:
        self._enhancers: dict[str, Enhancer] = {}
        self._converters: dict[str, Converter] = {}
        self._facts: dict[str, dict[str, Any]] = {}
        self._shipped: set[str] = set()
        for name in _shipped() if names is None else names:
            folder = find_model(name)
            config, served = load_config(folder), _choose_name(name, folder)
            if served in self._facts:
                raise SpeechganError(f"{name}: there are two models named {served}; rename one")
            if folder.resolve() == (SHIPPED / served).resolve():
                self._shipped.add(served)
            live = True
            if config["task"] == "convert":
                converter = Converter.from_pretrained(name, threads=threads)
                # The name in errors, which must not tell clients the folder.
                converter.network.name = served
                self._converters[served] = converter
                live = converter.vocoder.takes_f0
            else:
                enhancer = Enhancer.from_pretrained(name, threads=threads)
                self._enhancers[served] = enhancer
                live = enhancer.network.causal
            self._facts[served] = {
                "name": served,
                "task": config["task"],
                "sample_rate": config["sample_rate"],
                "live": live,
                "about": load_summary(folder),
            }

    def describe(self) -> list[dict[str, Any]]:
        """Name, task, sample rate in Hz, whether it can follow a stream, and one line about it."""
        return list(self._facts.values())

    def names(self, task: str, live: bool = False, shipped: bool = False) -> list[str]:
        """The names of a task's models, the default first.

        Args:
            task: one of `TASKS`.
            live: whether only those that can follow a stream.
            shipped: whether only shipped ones, without others of the same names.
        """
        return [
            name
            for name, fact in self._facts.items()
            if fact["task"] == task
            and (fact["live"] or not live)
            and (name in self._shipped or not shipped)
        ]

    def enhancer(self, name: str | None) -> Enhancer:
        """The enhancer of a name, or the default.

        Raises:
            SpeechganError: there is none.
        """
        return _choose(self._enhancers, name, "enhance")

    def restorer(self, name: str | None) -> Restorer:
        """The restorer of a name, or `restore`, or the default enhancer's.

        Raises:
            SpeechganError: there is none.
        """
        known = RESTORE if name is None and RESTORE in self._enhancers else name
        return Restorer(self.enhancer(known))

    def converter(self, name: str | None) -> Converter:
        """The converter of a name, or the default.

        Raises:
            SpeechganError: there is none.
        """
        return _choose(self._converters, name, "convert")


def _choose(models: dict[str, Any], name: str | None, task: str) -> Any:
    if not models:
        raise SpeechganError(f"no model is served to {task}")
    chosen = next(iter(models)) if name is None else name
    if chosen not in models:
        like, known = suggest(chosen, models), ", ".join(models)
        raise SpeechganError(f"model {chosen}: not served to {task}{like}; choose from: {known}")
    return models[chosen]


def _choose_name(name: str, folder: Path) -> str:
    """The folder's name; for a model of the hub, whose folder is named by a commit, the model's."""
    place = PLACE.fullmatch(name) if folder != Path(name) else None
    return place["repository"].rpartition("/")[2] if place else folder.resolve().name


def _shipped() -> list[str]:
    found = [n for n in list_models() if load_config(find_model(n))["task"] in TASKS]
    defaults = ("default", "voices")
    return sorted(found, key=lambda name: name not in defaults)
