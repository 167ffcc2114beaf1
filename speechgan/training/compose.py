"""Configuration: composed by Hydra, checked, and made into objects."""

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException, InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

import speechgan
from speechgan.pretrained.moved import find_moved_setting
from speechgan.utils.caches import cache_folder
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

# What `${cache_folder:}` is in a configuration.
OmegaConf.register_new_resolver("cache_folder", lambda: str(cache_folder()), replace=True)
UNKNOWN = re.compile(r"^Key .* is not in struct\s+full_key: (\S+)")
"""What OmegaConf says of a setting that is not there."""
UNCHOSEN = re.compile(r"Could not find '(\S+)/(\S+)'\s+Available options in '\S+':\n((?:\t.*\n?)+)")
"""What Hydra says of a choice that is not there: the group, the choice, those there are."""


def configuration_folder() -> Path:
    """Where the configuration lies: inside the installed package, or at the repository's top."""
    package = Path(speechgan.__file__).parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def compose(
    name: str, overrides: Sequence[str] = (), complete: bool = True, own: Path | None = None
) -> DictConfig:
    """The configuration of a task with the user's overrides.

    Args:
        name: a file at the top of the configuration folder, such as `enhance`.
        overrides: in Hydra's grammar, such as `data.root=DIR` or `system=joint`.
        complete: whether every value must be there.
        own: a folder of the user's own choices, laid out like the configuration folder; what it
            holds comes before what is there.

    Raises:
        SpeechganError: an unknown key or group, or a value that is missing.
    """
    folders = _search_folders(name, own)
    choices = tuple(o for o in overrides if _is_choice(o))
    try:
        config = _compose(name, tuple(overrides), folders)
        if len(choices) < len(overrides):
            _check_kinds(config, _compose_defaults(name, choices, folders))
        if not complete:
            return config
        missing = sorted(OmegaConf.missing_keys(config))
        if missing:
            raise SpeechganError(f"{missing[0]} is not set; give it as {missing[0]}=VALUE")
        # References must lead somewhere; they stay references, as some lead to what is measured.
        OmegaConf.to_container(config, resolve=True)
    except (HydraException, OmegaConfBaseException) as error:
        text = str(error.__cause__ or error)
        if unknown := UNKNOWN.search(text):
            try:
                known = _compose_defaults(name, choices, folders)
            except HydraException:  # one of the choices is no group
                known = _compose_defaults(name, (), folders)
            raise SpeechganError(_explain_unknown(unknown[1], known)) from None
        unchosen = UNCHOSEN.search(text)
        # What a file asked for, and not the command line, is better said with the file's name.
        if unchosen and (asked := f"{unchosen[1]}={unchosen[2]}") in overrides:
            known_choices = unchosen[3].split()
            like = suggest(unchosen[2], known_choices)
            raise SpeechganError(
                f"{asked}: no such choice{like}; known: {', '.join(known_choices)}"
            ) from None
        raise SpeechganError(_one_line(text)) from None
    return config


def _search_folders(name: str, own: Path | None) -> tuple[str, ...]:
    """Where a task's choices are looked for: in the shared folder, the user's, the task's."""
    ours = configuration_folder().absolute()
    if not (ours / f"{name}.yaml").exists():
        known = sorted(p.stem for p in ours.glob("*.yaml"))
        like = suggest(name, known)
        raise SpeechganError(f"nothing to train called {name!r}{like}; known: {', '.join(known)}")
    folders = [ours, ours / name]
    if own:
        if not own.is_dir():
            raise SpeechganError(f"{own}: no such folder; --config-dir takes that of your choices")
        folders[1:1] = [
            folder for folder in (own.absolute() / name, own.absolute()) if folder.is_dir()
        ]
        for path in own.rglob("*.yaml"):
            place = path.relative_to(own)
            if (ours / place).exists() or (ours / name / place).exists():
                raise SpeechganError(f"{path}: ours has this name; give your choice another")
    return tuple(map(str, folders))


def _compose(name: str, overrides: tuple[str, ...], folders: tuple[str, ...]) -> DictConfig:
    first, *others = folders
    quoted = ["'file://" + folder.replace("'", "\\'") + "'" for folder in others]
    with hydra.initialize_config_dir(first, version_base="1.3"):
        search = f"hydra.searchpath=[{','.join(quoted)}]"
        return hydra.compose(name, overrides=[search, *overrides])


_compose_defaults = lru_cache(maxsize=8)(_compose)


def build(config: Any, **arguments: Any) -> Any:
    """The object that a part of a configuration describes.

    Args:
        config: with `_target_`.
        arguments: that the configuration does not know.

    Raises:
        SpeechganError: the object cannot be made from this.
    """
    try:
        return instantiate(config, _convert_="all", **arguments)
    except InstantiationException as error:
        reason = " ".join(str(error.__cause__ or error).split())
        raise SpeechganError(f"the configuration does not fit: {reason}") from None


def _is_choice(override: str) -> bool:
    """Whether it chooses a file of a group, rather than setting a value."""
    return "." not in override.split("=")[0]


def _check_kinds(config: DictConfig, defaults: DictConfig, place: str = "") -> None:
    """Hydra knows which settings there are, but not that a number must stay one, and a list too."""
    for key in map(str, defaults):
        name = f"{place}{key}"
        if OmegaConf.is_missing(config, key) or OmegaConf.is_missing(defaults, key):
            continue
        if OmegaConf.is_interpolation(config, key) or OmegaConf.is_interpolation(defaults, key):
            continue
        value, default = config.get(key), defaults[key]
        if isinstance(default, DictConfig):
            if isinstance(value, DictConfig):
                _check_kinds(value, default, f"{name}.")
            elif value is not None:
                raise SpeechganError(f"{name}={value}: holds several settings: {_list(default)}")
        elif isinstance(default, int | float) and not isinstance(value, int | float | None):
            raise SpeechganError(f"{name}={value}: must be a number, such as {default}")
        elif isinstance(default, ListConfig) and isinstance(value, str):
            # Its letters would be taken for what it lists.
            raise SpeechganError(f"{name}={value}: must be a list, '{name}=[{value}]'")


def _explain_unknown(name: str, config: DictConfig) -> str:
    """An error for a setting that is not there: its name of today, or those that are there."""
    if today := find_moved_setting(name):
        return f"{name}: is called {today} now"
    parent, _, _ = name.rpartition(".")
    around = OmegaConf.select(config, parent) if parent else config
    if not isinstance(around, DictConfig):
        return f"{name}: no such setting"
    like = suggest(name.rpartition(".")[2], map(str, around))
    return f"{name}: no such setting{like}; known: {_list(around)}"


def _list(config: DictConfig) -> str:
    return ", ".join(sorted(str(key) for key in config if key != "_target_"))


def _one_line(text: str) -> str:
    """Hydra's message without where it searched and how to see more of Python's stack."""
    text = text.split("Config search path")[0].split("Set the environment")[0]
    lines = [line.strip() for line in text.splitlines()]
    kept = [x for x in lines if x and not x.startswith(("object_type", "reference_type"))]
    return "; ".join(kept)
