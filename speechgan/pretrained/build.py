"""Builds the objects of a model's configuration, which may be an untrusted file."""

import importlib
import inspect
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from speechgan.pretrained.folder import CONFIG
from speechgan.pretrained.moved import find_moved
from speechgan.utils.errors import SpeechganError

TRUST = "SPEECHGAN_TRUST"
"""Environment variable: further packages, separated by commas, whose classes may be built."""
# Subpackages whose classes may be built from a file.
ROOMS = ("speechgan.features.", "speechgan.models.")
# Largest number in a configuration: far above any network's, and too small to fill the memory.
LARGEST_SIZE = 2**17


def build_part(folder: Path, config: Mapping[str, Any], part: str) -> Any:
    """The object that `config[part]` describes by its class, `_target_`, and its arguments.

    Raises:
        SpeechganError: a class that may not be built from a file, does not exist, or cannot be
            built with these arguments.
    """
    where = f"{folder / CONFIG}: {part}"
    arguments = dict(config[part])
    target = arguments.pop("_target_", None)
    for name, value in arguments.items():
        _check_size(f"{where}.{name}", value)
        if isinstance(value, Mapping) and "_target_" in value:
            arguments[name] = build_part(folder, config[part], name)
    kind = _find_class(where, target)
    _check_kinds(where, kind, arguments)
    try:
        return kind(**arguments)
    except (TypeError, ValueError, RuntimeError, ArithmeticError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(f"{where}: {target} cannot be built from this ({reason})") from None


def _find_class(where: str, target: Any) -> type:
    trusted = [name for name in os.environ.get(TRUST, "").split(",") if name]
    found = find_moved(target) if isinstance(target, str) else ""
    module, _, name = found.rpartition(".")
    if not module.startswith((*ROOMS, *(f"{package}." for package in trusted))) and (
        module not in trusted
    ):
        raise SpeechganError(
            f"{where}: _target_ {target} is not a class of speechgan; if you trust it, name its "
            f"package in the environment variable {TRUST}"
        )
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and not module.startswith(error.name or module):
            raise  # a library is not installed, which the command line explains
        raise SpeechganError(
            f"{where}: this speechgan has no {target}; install the version that made the model"
        ) from None
    # A file must not build classes that a module merely imports.
    if not isinstance(kind, type) or kind.__module__ != module:
        raise SpeechganError(f"{where}: {target} is not a class of a model")
    return kind


def _check_kinds(where: str, kind: type, arguments: Mapping[str, Any]) -> None:
    """Refuses arguments of another type than annotated, which might cause errors much later."""
    parameters = inspect.signature(kind, eval_str=True).parameters
    others = next((p for p in parameters.values() if p.kind is p.VAR_KEYWORD), None)
    for name, value in arguments.items():
        parameter = parameters.get(name, others)
        if parameter and not _fits(value, parameter.annotation):
            raise SpeechganError(f"{where}.{name}: {value!r:.60} cannot be; get the model anew")


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value of a configuration fits a type; types that are not handled fit always."""
    kinds = get_args(hint)
    if get_origin(hint) in (Union, UnionType):
        return any(_fits(value, kind) for kind in kinds)
    if get_origin(hint) in (Sequence, Iterable, list, tuple):
        return isinstance(value, list | tuple) and all(_fits(item, kinds[0]) for item in value)
    if hint is float:
        hint = int | float
    if hint in (int, int | float):
        return isinstance(value, hint) and not isinstance(value, bool)
    return isinstance(value, hint) if hint in (bool, str, NoneType) else True


def _check_size(where: str, value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _check_size(where, item)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST_SIZE:
        raise SpeechganError(f"{where}: {value} is beyond {LARGEST_SIZE}; get the model anew")
