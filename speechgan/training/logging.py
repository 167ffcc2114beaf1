"""The log of a run: TensorBoard, metrics.jsonl, and a progress bar."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from speechgan.features.stft import magnitude
from speechgan.utils.files import cannot_write, write_whole

matplotlib.use("Agg")
REMEDY = "free some space, then go on with --resume"


class RunLog:
    """Log of one run, in its folder.

    Args:
        folder: where `metrics.jsonl` and the TensorBoard events go.
        step: first step of this run; what an interrupted run logged after it is dropped.
        max_steps: where the progress bar ends.

    Raises:
        SpeechganError: it cannot be written; from each method that writes.
    """

    def __init__(self, folder: Path, step: int, max_steps: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "metrics.jsonl"
        if step == 0:
            self.path.unlink(missing_ok=True)
        elif self.path.exists():
            lines = self.path.read_text("utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= step]
            write_whole(self.path, "".join(f"{line}\n" for line in kept))
        self._excepthook, threading.excepthook = threading.excepthook, self._note
        with self._writing():
            self.board = SummaryWriter(folder / "tensorboard", purge_step=step)
        self.bar = tqdm(
            total=max_steps,
            initial=step,
            unit="step",
            dynamic_ncols=True,
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
        )

    def advance(self) -> None:
        """One step is done."""
        self.bar.update()

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """One line of metrics.jsonl, and a TensorBoard point for each value."""
        size = self.path.stat().st_size if self.path.exists() else 0
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": step, **values}) + "\n")
        except OSError as error:
            with suppress(OSError):
                os.truncate(self.path, size)  # half a line
            raise cannot_write(self.path, error, REMEDY) from None
        with self._writing():
            for name, value in values.items():
                self.board.add_scalar(name, value, step)
        shown = {k: v for k, v in values.items() if k.startswith(("loss/", "valid/"))}
        self.bar.set_postfix({k.split("/", 1)[1]: f"{v:.3g}" for k, v in shown.items()})

    def say(self, text: str) -> None:
        """A line that stays, above the bar."""
        tqdm.write(text, file=sys.stderr)

    def signals(
        self,
        step: int,
        name: str,
        images: dict[str, Tensor],
        waves: dict[str, Tensor],
        sample_rate: int,
    ) -> None:
        """Pictures of images `(2, frequency, frame)` and players of waves `(sample,)`."""
        with self._writing():
            for kind, image in images.items():
                self.board.add_image(f"{name}/{kind}", picture(image), step, dataformats="HWC")
            for kind, wave in waves.items():
                peak = wave.abs().max().clamp(min=1e-4)
                self.board.add_audio(f"{name}/{kind}", wave[None] / peak, step, sample_rate)

    def picture(self, step: int, name: str, image: np.ndarray) -> None:
        """One picture, `(height, width)` in [0, 1]."""
        with self._writing():
            self.board.add_image(name, colour(image), step, dataformats="HWC")

    def close(self) -> None:
        """Flushes everything."""
        self.bar.close()
        try:
            with self._writing():
                self.board.close()
        finally:
            threading.excepthook = self._excepthook

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.path.with_name("tensorboard"), error, REMEDY) from None

    def _note(self, failure: threading.ExceptHookArgs) -> None:
        """Hides a full disk that TensorBoard's thread fails on: our next call to it raises it."""
        ours = type(failure.thread).__module__.startswith("tensorboard.")
        if not (ours and isinstance(failure.exc_value, OSError)):
            self._excepthook(failure)


def picture(image: Tensor) -> np.ndarray:
    """Compressed complex image `(2, frequency, frame)` to colours `(height, width, 3)`, 0..255.

    Low frequencies at the bottom; the loudest point is brightest.
    """
    size = magnitude(image[None].float())[0, 0].cpu().numpy()[::-1]
    return colour(size / max(float(size.max()), 1e-9))


def colour(image: np.ndarray) -> np.ndarray:
    """`(height, width)` in [0, 1] to colours `(height, width, 3)`, 0..255, dark to bright."""
    colours: Any = matplotlib.colormaps["magma"](image)
    return (colours[..., :3] * 255).astype(np.uint8)


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return sys.maxsize  # the half line of a killed run
