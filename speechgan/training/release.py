"""From a training run to a model folder."""

import os
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from speechgan.pretrained.loading import save_model
from speechgan.systems.base import System
from speechgan.training.tasks import Material
from speechgan.training.trainer import SaveBest

CARD = """# {name}

{title}: {parameters} weights, {generator}.

- Trained by `speechgan train {task}` on {data}{start} for {steps} steps: {amount}.
- Game: {game}.
- On the held-out recordings: {figures}.
- Licence of the weights: {licence}.
"""


def release_to(folder: Path, config: DictConfig, material: Material) -> SaveBest:
    """What the trainer calls with each best system: it writes the model folder.

    Args:
        folder: the model folder to write.
        config: of the run, complete.
        material: what the run trains on.
    """
    plain: Any = OmegaConf.to_container(config, resolve=True)
    keys = ("task", "sample_rate", "shifts", "features", "generator")
    kept = {key: plain[key] for key in keys if key in plain}

    def save(system: System, figures: dict[str, float]) -> None:
        steps = int(figures["step"])
        card = CARD.format(
            name=_last_name(plain["run"]["folder"]),
            title=material.title,
            parameters=f"{sum(p.numel() for p in system.generator.parameters()):,}",
            generator=type(system.generator).__name__,
            task=plain["task"],
            data=_last_name(plain["data"]["root"]),
            start=_name_start(plain["run"]),
            steps=steps,
            amount=material.amount(steps),
            game=", ".join(system.describe()),
            figures=", ".join(f"{k} {v:.3f}" for k, v in figures.items() if k != "step"),
            licence=material.licence,
        )
        save_model(folder, kept, system.generator, card, material.files)

    return save


def _name_start(run: dict[str, Any]) -> str:
    """Whose weights a run began with: their training, and licence, are the model's too."""
    start = run.get("fine_tune") or run.get("start_from")
    return f", from {'/'.join(Path(start).parts[-2:])} on," if start else ""


def _last_name(place: str) -> str:
    """Of a folder, also one that is given as `.` or `..`, or of a URL."""
    return Path(place if "://" in place else os.path.abspath(place)).name
