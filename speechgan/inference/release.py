"""From a training run to a model folder."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from speechgan.inference.pretrained import save_model
from speechgan.training.trainer import SaveBest

CARD = """# {name}

Speech enhancement at {sample_rate} Hz: {parameters} weights, {generator}.

- Trained by `speechgan train {task}` on {data} for {step} steps ({hours:.1f} hours of audio drawn).
- Game: {system}.
- On the held-out recordings: {figures}.
- Licence of the weights: as the training recordings allow.
"""


def release_best(config: DictConfig, folder: Path) -> SaveBest:
    """What a trainer calls with each best system: it writes the model folder.

    Args:
        config: composed and resolved configuration of the run.
        folder: the model folder to write.
    """

    def save(system: Any, figures: dict[str, float]) -> None:
        plain: Any = OmegaConf.to_container(config, resolve=True)
        step = int(figures["step"])
        drawn = step * plain["data"]["batch_size"] * plain["data"]["seconds"] / 3600
        card = CARD.format(
            name=Path(plain["run"]["folder"]).name,
            sample_rate=plain["sample_rate"],
            parameters=f"{sum(p.numel() for p in system.generator.parameters()):,}",
            generator=type(system.generator).__name__,
            task=plain["task"],
            data=Path(plain["data"]["root"]).name,
            step=step,
            hours=drawn,
            system=describe_game(plain["system"]),
            figures=", ".join(f"{k} {v:.3f}" for k, v in figures.items() if k != "step"),
        )
        kept = {k: plain[k] for k in ("task", "sample_rate", "features", "generator")}
        save_model(folder, kept, system.generator, card)

    return save


def describe_game(system: dict[str, Any]) -> str:
    """One line on who plays: the system, its critics and objective."""
    players = [system["_target_"].rsplit(".", 1)[1]]
    for name in ("critic", "metric"):
        if system.get(name):
            players.append(system[name]["_target_"].rsplit(".", 1)[1])
    if "objective" in system:
        players.append(system["objective"])
    return ", ".join(players)
