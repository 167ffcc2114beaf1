"""Loads discriminators from the folders of their trainings."""

import os
from pathlib import Path
from typing import Any, TypeVar

from torch import nn

from speechgan.pretrained.build import build_part
from speechgan.pretrained.folder import CONFIG, load_config
from speechgan.training.checkpoint import CHECKPOINT, load_checkpoint
from speechgan.utils.errors import SpeechganError

T = TypeVar("T", bound=nn.Module)
OWN = "discriminator."
"""Prefix of a discriminator's weights in a checkpoint."""


def load_discriminator(
    name: str | os.PathLike[str], kind: type[T], remedy: str
) -> tuple[dict[str, Any], T]:
    """The trained discriminator of a training.

    Args:
        name: the training's folder.
        kind: of the discriminator.
        remedy: advice in the error, where it is of another kind.

    Returns:
        The training's configuration, and the discriminator in evaluation mode.

    Raises:
        SpeechganError: no such folder, a damaged one, or a discriminator of another kind or none.
    """
    folder = Path(name)
    if not (folder / CONFIG).is_file() or not (folder / CHECKPOINT).is_file():
        raise SpeechganError(
            f"{name}: no training, with {CONFIG} and {CHECKPOINT} in it; choose {remedy}"
        )
    config = load_config(folder)
    system = config.get("system")
    given = isinstance(system, dict) and isinstance(system.get("discriminator"), dict)
    network = build_part(folder, system, "discriminator") if system and given else None
    if not isinstance(network, kind):
        raise SpeechganError(f"{name}: has no {kind.__name__}; choose {remedy}")
    weights = load_checkpoint(folder / CHECKPOINT)["system"]
    try:
        network.load_state_dict(
            {k.removeprefix(OWN): v for k, v in weights.items() if k.startswith(OWN)}
        )
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise SpeechganError(
            f"{folder / CHECKPOINT}: not the weights of {CONFIG} ({reason:.80}); train anew"
        ) from None
    return config, network.eval()
