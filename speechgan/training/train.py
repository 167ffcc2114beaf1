"""One training for every task: from a composed configuration to a model folder."""

from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf

from speechgan.systems.base import System
from speechgan.systems.conversion.fitted import FittedSystem
from speechgan.training import processes
from speechgan.training.checkpoint import CHECKPOINT
from speechgan.training.compose import build
from speechgan.training.fine_tuning import load_predecessor, start_from_model
from speechgan.training.fit import fit
from speechgan.training.release import release_to
from speechgan.training.tasks import TASKS
from speechgan.utils.errors import SpeechganError
from speechgan.utils.files import restore_folder, write_whole


def train(config: DictConfig, resume: bool = False, overwrite: bool = False) -> dict[str, float]:
    """Trains what the configuration says, and releases the best model.

    The run's folder receives `config.yaml`, `last.safetensors` (everything to go on from),
    `metrics.jsonl`, TensorBoard events, and in `best/` the model of the best validation. A system
    that is fitted at once leaves nothing to go on from.

    Args:
        config: of `speechgan.training.compose.compose`; what is measured of the data is filled in.
        resume: go on from the run's folder where it holds a checkpoint.
        overwrite: begin anew where the run's folder holds a run.

    Returns:
        The best validation's figures; none if no validation gave a finite one.

    Raises:
        SpeechganError: a folder that holds a run, a configuration that does not fit, unusable
            data, or a run that cannot go on.
    """
    folder = Path(config.run.folder)
    if not (resume or overwrite):
        _refuse_to_replace(folder)
    processes.check_count(config.trainer.devices, config.trainer.num_nodes)
    torch.manual_seed(config.trainer.seed)
    trainer, data = build(config.trainer), build(config.data)
    # A mistake is found before hours of decoding, unless the networks depend on the data.
    system: System | None = None if "measured" in config else build(config.system)
    predecessor = load_predecessor(config)
    material = TASKS[config.task](config, data, predecessor)
    for name, value in material.measured.items():
        config.measured[name] = value
    system = system or build(config.system)
    if predecessor:
        start_from_model(system, predecessor)
    start_from = Path(config.run.start_from) if config.run.start_from else None
    if processes.number() == 0:
        if overwrite:
            _forget_checkpoint(folder / CHECKPOINT, start_from)
        restore_folder(folder / "best")
        plain = OmegaConf.to_yaml(config, resolve=True)
        write_whole(folder / "config.yaml", plain, "choose another folder with run.folder=DIR")
    release = release_to(folder / "best", config, material)
    if isinstance(system, FittedSystem):
        return fit(system, material, folder, release)
    best: dict[str, float] = trainer.fit(
        system,
        material.batches,
        material.validation,
        release,
        resume=resume,
        start_from=start_from,
    )
    return best


def _refuse_to_replace(folder: Path) -> None:
    """Refuses a folder that holds a run.

    Every process checks, and all of them find the same: none writes there before all have met.

    Raises:
        SpeechganError: the folder holds a run.
    """
    # The hidden one is what `restore_folder` brings back, so it is looked for first.
    if any((folder / name).exists() for name in (".best.before", "best", CHECKPOINT)):
        raise SpeechganError(
            f"{folder}: holds a run; go on with --resume, choose another folder with "
            "run.folder=DIR, or begin anew with --overwrite, which replaces it"
        )


def _forget_checkpoint(path: Path, start_from: Path | None) -> None:
    """Removes the checkpoint of the run before, which --resume would take for this run's.

    The one that the run is to start from stays: no process has read it yet.
    """
    if start_from is None or start_from.resolve() != path.resolve():
        path.unlink(missing_ok=True)
