"""Names of earlier versions, so that models and checkpoints with them still load."""

from collections.abc import Container, Mapping
from typing import TypeVar

T = TypeVar("T")

_GENERATORS = ("band_crn", "cyclegan_vc", "segan", "shallow", "shared_latent", "stargan_vc", "unet")
_MODULES = {f"models.{name}": f"models.generators.{name}" for name in _GENERATORS}
_MODULES["models.vocos"] = "models.vocoders.vocos"
# Players, and their networks in a system.
_PLAYERS = {"critic": "discriminator", "code_critic": "code_classifier"}
# Prefixes of the names of weights in a system.
_SYSTEM_PARTS = {
    "critic.": "discriminator.",
    "code_critic.": "code_classifier.",
    "metric.": "judges.metric.network.",
    # The candidates whose labels are still being measured.
    "_extra_state": "judges.metric._extra_state",
}
# Prefixes of the names of weights in a generator.
_GENERATOR_PARTS = {
    "hear.": "outer_encoder.",
    "abstract.": "inner_encoder.",
    "elaborate.": "inner_decoder.",
    "speak.": "outer_decoder.",
}
# Settings of a training.
_SETTINGS = {
    "system.latent": "system.weights.latent",
    "system.cycle": "system.weights.cycle",
    "system.identity": "system.weights.identity",
    "system.classification": "system.weights.classification",
    "system.identity_steps": "system.weights.identity_steps",
    "system.semantic": "system.weights.semantic",
    "system.emphasis": "system.distance.emphasis",
    "system.mel": "system.closeness.multi_resolution_mel",
    "system.metric": "system.judges.metric",
    "system.labelled": "system.judges.metric.labels.items",
    "system.label_delay": "system.judges.metric.labels.delay",
    "trainer.turns.critic": "trainer.turns.discriminator",
}


def find_moved_setting(name: str) -> str | None:
    """The present name of a setting's earlier name; None if it is no earlier name."""
    return _SETTINGS.get(name)


def find_moved(target: str) -> str:
    """The present name of a class; a present name is returned as it is."""
    module, _, name = target.rpartition(".")
    today = _MODULES.get(module.removeprefix("speechgan."))
    return f"speechgan.{today}.{name}" if today else target


def rename_generator_weights(weights: Mapping[str, T], known: Container[str]) -> dict[str, T]:
    """A generator's weights by present names.

    Args:
        weights: by the names of their file.
        known: present names in the generator, which stay as they are.
    """
    return {_rename(name, known, _GENERATOR_PARTS): weight for name, weight in weights.items()}


def rename_system_weights(weights: Mapping[str, T], known: Container[str]) -> dict[str, T]:
    """A system's weights, those of its generator included, by present names.

    Args:
        weights: by the names of their checkpoint.
        known: present names in the system, which stay as they are.
    """
    parts = {f"generator.{old}": f"generator.{new}" for old, new in _GENERATOR_PARTS.items()}
    return {_rename(name, known, parts | _SYSTEM_PARTS): w for name, w in weights.items()}


def rename_player(player: str, known: Container[str]) -> str:
    """The present name of a player; one of the `known` stays as it is."""
    return player if player in known else _PLAYERS.get(player, player)


def _rename(name: str, known: Container[str], parts: Mapping[str, str]) -> str:
    if name not in known:
        for old, new in parts.items():
            if name.startswith(old):
                return new + name.removeprefix(old)
    return name
