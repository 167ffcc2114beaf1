"""From a training run to a model folder."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from speechgan.data.conversion.module import OpenVoices
from speechgan.pretrained.loading import save_model
from speechgan.pretrained.speakers import SPEAKERS, TargetSpeaker, format_speakers
from speechgan.training.trainer import SaveBest

WHAT = {"enhance": "Speech enhancement", "vocoder": "From log-mel spectrograms to waves"}
CARD = """# {name}

{what} at {sample_rate} Hz: {parameters} weights, {generator}.

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
            what=WHAT[plain["task"]],
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


CONVERSION_CARD = """# {name}

Voice conversion at {sample_rate} Hz between {speakers}: {parameters} weights, {generator}.

- Trained by `speechgan train convert` on {data} for {step} steps, unpaired: {minutes:.1f} minutes
  of speech.
- Game: {system}.
- On the held-out recordings: {figures}.
- Licence of the weights: as the training recordings allow: {licences}.
"""


def release_converter(
    config: DictConfig, folder: Path, predecessor: Sequence[TargetSpeaker] = ()
) -> Callable[[OpenVoices], SaveBest]:
    """As `release_best`, for a converter: made when the speakers are known.

    Args:
        config: composed and resolved configuration of the run.
        folder: the model folder to write.
        predecessor: speakers of the model that is trained further.
    """

    def begin(voices: OpenVoices) -> SaveBest:
        before = {speaker.name: speaker for speaker in predecessor}
        speakers = [
            before.get(s.name)
            or TargetSpeaker(s.name, s.sex, s.language, s.licence, seconds / 60, statistics)
            for s, seconds, statistics in zip(
                voices.speakers, voices.seconds, voices.statistics, strict=True
            )
        ]
        plain: Any = OmegaConf.to_container(config, resolve=True)

        def save(system: Any, figures: dict[str, float]) -> None:
            kept = {k: plain[k] for k in ("task", "sample_rate", "features", "generator")}
            size = {"bins": len(voices.statistics[0].mean), "speakers": len(speakers)}
            kept["generator"] = kept["generator"] | size
            card = CONVERSION_CARD.format(
                name=folder.parent.name,
                sample_rate=plain["sample_rate"],
                speakers=", ".join(s.name for s in speakers),
                parameters=f"{sum(p.numel() for p in system.generator.parameters()):,}",
                generator=type(system.generator).__name__,
                data=Path(plain["data"]["root"]).name,
                step=int(figures["step"]),
                minutes=sum(s.minutes for s in speakers),
                system=describe_game(plain["system"]),
                figures=", ".join(f"{k} {v:.3f}" for k, v in figures.items() if k != "step"),
                licences=", ".join(sorted({s.licence or "unknown" for s in speakers})),
            )
            save_model(folder, kept, system.generator, card, {SPEAKERS: format_speakers(speakers)})

        return save

    return begin


def describe_game(system: dict[str, Any]) -> str:
    """One line on who plays: the system, its critics and objective."""
    players = [system["_target_"].rsplit(".", 1)[1]]
    for name in ("critic", "metric"):
        if system.get(name):
            players.append(system[name]["_target_"].rsplit(".", 1)[1])
    if "objective" in system:
        players.append(system["objective"])
    return ", ".join(players)
