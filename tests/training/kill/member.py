"""What one of several processes does, in a module that a forked process finds."""

import os
from pathlib import Path
from typing import Any

import trainings
from omegaconf import DictConfig

from speechgan.training.train import train
from speechgan.utils.errors import SpeechganError


def train_one(
    config: DictConfig,
    resume: bool,
    given: dict[str, Any],
    errors: Path,
    last_step: int | None = None,
) -> None:
    os.environ |= {name: str(value) for name, value in given.items()}
    trainings.label_in_threads()
    if last_step is not None:
        trainings.kill_after(last_step)
    code = 1
    try:
        train(config, resume)
        code = 0
    except SpeechganError as error:
        errors.write_text(str(error))
    except SystemExit as stop:
        code = int(str(stop.code))
    finally:
        os._exit(code)
