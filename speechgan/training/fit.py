"""Systems that are fitted at once instead of trained in steps."""

from pathlib import Path

import torch

from speechgan.systems.conversion.fitted import FittedSystem
from speechgan.training.logging import RunLog
from speechgan.training.tasks import Material
from speechgan.training.trainer import SaveBest
from speechgan.utils.errors import SpeechganError


def fit(
    system: FittedSystem, material: Material, folder: Path, save_best: SaveBest
) -> dict[str, float]:
    """Fits, validates, logs and saves.

    Args:
        system: to fit.
        material: what to, and what judges it.
        folder: of the log.
        save_best: called with the system and its figures.

    Returns:
        The figures of the validation.

    Raises:
        SpeechganError: material that does not fit the system.
    """
    try:
        system.fit(material.batches)
    except ValueError as error:
        raise SpeechganError(f"{type(system).__name__}: {error}") from None
    log = RunLog(folder, 0, 0)
    try:
        with torch.no_grad():
            figures = material.validation(system.eval(), log, 0)
        best = figures | {"step": 0.0}
        save_best(system, best)
        log.scalars(0, {f"valid/{name}": figure for name, figure in figures.items()})
    finally:
        log.close()
    return best
