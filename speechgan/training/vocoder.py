"""Training a neural vocoder, from a composed configuration to a model folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from omegaconf import DictConfig, OmegaConf

from speechgan.data.waves import WaveBatch
from speechgan.metrics.intrusive import estoi, pesq_wb
from speechgan.training.compose import build
from speechgan.training.logging import RunLog
from speechgan.training.trainer import SaveBest
from speechgan.utils.errors import UnmeasurableError


class VocoderValidation:
    """Wide-band PESQ and ESTOI of held-out recordings that went there and back.

    Args:
        waves: `(sample,)` each.
        sample_rate: 16000; PESQ has no other wide-band rate.
        shown: recordings whose pictures and sounds go to TensorBoard.
    """

    def __init__(self, waves: Sequence[np.ndarray], sample_rate: int, shown: int = 2) -> None:
        self.waves, self.sample_rate, self.shown = waves, sample_rate, shown

    def __call__(self, system: Any, log: RunLog, step: int) -> dict[str, float]:
        device = next(system.parameters()).device
        scores: dict[str, list[float]] = {"pesq": [], "estoi": []}
        for number, wave in enumerate(self.waves):
            real = torch.from_numpy(wave)
            made = system.infer(WaveBatch(real[None].to(device)))[0].cpu()
            if number < self.shown:
                waves = {"real": real, "generated": made}
                images = {k: system.features.mel(w[None].to(device))[0] for k, w in waves.items()}
                log.signals(step, f"recording {number}", images, waves, self.sample_rate)
            for score, measure in {"pesq": pesq_wb, "estoi": estoi}.items():
                try:
                    scores[score].append(measure(wave, made.numpy(), self.sample_rate))
                except UnmeasurableError:  # silence, or an output that is not finite yet
                    continue
        return {k: float(np.mean(v)) if v else 0.0 for k, v in scores.items()}


def train_vocoder(
    config: DictConfig, resume: bool = False, save_best: SaveBest | None = None
) -> dict[str, float]:
    """Trains what the configuration says; see `speechgan.training.enhance.train_enhancer`.

    Raises:
        SpeechganError: unusable data, or a run that cannot go on.
    """
    torch.manual_seed(config.trainer.seed)
    system, data, trainer = (build(config[part]) for part in ("system", "data", "trainer"))
    batches, held_out = data.open()
    trainer.folder = Path(trainer.folder)
    trainer.folder.mkdir(parents=True, exist_ok=True)
    (trainer.folder / "config.yaml").write_text(OmegaConf.to_yaml(config))
    best: dict[str, float] = trainer.fit(
        system,
        batches,
        VocoderValidation(held_out, config.sample_rate),
        save_best,
        resume=resume,
        start_from=Path(config.run.start_from) if config.run.start_from else None,
    )
    return best
