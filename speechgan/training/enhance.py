"""Training an enhancer, from a composed configuration to a model folder."""

from pathlib import Path

import torch
from omegaconf import DictConfig, OmegaConf
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from speechgan.models.generators.band_crn import BandCRN
from speechgan.training.compose import build
from speechgan.training.trainer import SaveBest
from speechgan.training.validation.enhancement import EnhancementValidation
from speechgan.utils.errors import SpeechganError


def train_enhancer(
    config: DictConfig,
    resume: bool = False,
    save_best: SaveBest | None = None,
    weights: Path | None = None,
) -> dict[str, float]:
    """Trains what the configuration says.

    The run's folder receives `config.yaml`, `last.safetensors` (everything to go on from),
    `metrics.jsonl` and TensorBoard events.

    Args:
        config: of `speechgan.training.compose.compose("enhance", ...)`.
        resume: go on from the run's folder where it holds a checkpoint.
        save_best: called with the system and its figures whenever it validates best.
        weights: safetensors file that the generator starts from, instead of from chance.

    Returns:
        The best validation's figures.

    Raises:
        SpeechganError: unusable data, or a run that cannot go on.
    """
    refuse_pesq_elsewhere(config)
    torch.manual_seed(config.trainer.seed)
    data, system, trainer = (build(config[part]) for part in ("data", "system", "trainer"))
    if weights:
        load_generator(system.generator, weights)
    training, held_out = data.open()
    trainer.folder = Path(trainer.folder)
    trainer.folder.mkdir(parents=True, exist_ok=True)
    (trainer.folder / "config.yaml").write_text(OmegaConf.to_yaml(config))
    best: dict[str, float] = trainer.fit(
        system,
        training,
        EnhancementValidation(held_out, config.sample_rate, config.data.valid_items),
        save_best,
        resume=resume,
        start_from=Path(config.run.start_from) if config.run.start_from else None,
    )
    return best


def refuse_pesq_elsewhere(config: DictConfig) -> None:
    """PESQ, as a term, as what a critic learns or as what chooses the best, is defined at 16 kHz.

    Raises:
        SpeechganError: the configuration asks for it at another rate.
    """
    wanted = {
        "system.closeness.pesq=0": config.system.closeness.get("pesq"),
        "system.metric=null": config.system.get("metric"),
        "system.listener=null": config.system.get("listener"),
        "trainer.monitor=si_sdr": config.trainer.monitor == "pesq",
    }
    for remedy, setting in wanted.items():
        if setting and config.sample_rate != 16000:
            raise SpeechganError(
                f"sample_rate={config.sample_rate}: PESQ needs 16000; train without it, {remedy}"
            )


def load_generator(generator: nn.Module, weights: Path) -> None:
    """Puts the weights of a model into a network of the same configuration, or grows it from them.

    Raises:
        SpeechganError: unreadable, or of another network.
    """
    put = generator.grow_from if isinstance(generator, BandCRN) else generator.load_state_dict
    try:
        put(load_file(weights))
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise SpeechganError(
            f"{weights}: not weights of the configured generator ({reason}); "
            "choose the generator that the model's config.yaml names"
        ) from None
