"""Enhancers run by onnxruntime, without PyTorch."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from speechgan.inference.enhancement.batches import answer_in_batches
from speechgan.inference.enhancement.blocks import Context
from speechgan.inference.enhancement.context_run import ContextRun
from speechgan.inference.enhancement.frames import Framing, Spectrum
from speechgan.inference.enhancement.offset import OffsetFilter
from speechgan.inference.enhancement.onnx_run import (
    FEW_FRAMES,
    OnnxRun,
    continue_all,
    to_complex,
    to_parts,
)
from speechgan.inference.enhancement.rounds import Array, Ask
from speechgan.inference.enhancement.streaming import FrameNetwork, FrameRun
from speechgan.inference.threads import check_threads
from speechgan.pretrained.folder import BLOCKS, ONNX, find_model, load_config, require_task
from speechgan.pretrained.onnx_session import (
    foreign_graph,
    open_session,
    read_numbers,
    require_cpu,
)
from speechgan.utils.errors import SpeechganError

BLOCK_SECONDS = 8.0
FRAME_NUMBERS = ("sample_rate", "n_fft", "hop_length")
CONTEXT_NUMBERS = ("context", "multiple")
LONGEST_FRAME = 2**16


class OnnxNetwork(FrameNetwork):
    """What `speechgan.inference.export` wrote, as a `FrameNetwork`, on the CPU.

    Args:
        frame: graph of one frame, of a causal generator; None for one that hears ahead.
        blocks: graph of many frames; of a causal generator the same, faster on files, or None.
        threads: of the CPU; None leaves onnxruntime's own choice.

    Raises:
        SpeechganError: missing, unreadable, or graphs of another kind.
    """

    level_invariant = True
    shifts = 1
    """How often the model asks for a sound to be enhanced; see `Enhancer.from_pretrained`."""

    def __init__(self, frame: Path | None, blocks: Path | None, threads: int | None = 1) -> None:
        self.causal = frame is not None
        opened = {path: open_session(path, threads) for path in (frame, blocks) if path}
        path, (_, described) = next(iter(opened.items()))
        self._frame = opened[frame][0] if frame else None
        self._blocks = opened[blocks][0] if blocks else None
        # Graphs of earlier versions hold one channel.
        self._joins = frame is not None and self._blocks is not None and takes_many(self._blocks)
        names = FRAME_NUMBERS if frame else FRAME_NUMBERS + CONTEXT_NUMBERS
        self._numbers = read_numbers(path, described, names)
        self.sample_rate, self.n_fft, self.hop_length = (self._numbers[n] for n in FRAME_NUMBERS)
        if self.n_fft % self.hop_length or self.n_fft > LONGEST_FRAME:
            raise foreign_graph(path, "frames of impossible sizes")

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str] = "default",
        device: object = "auto",
        threads: int | None = 1,
    ) -> "OnnxNetwork":
        """Of a shipped model's name, a model folder with graphs, or a causal model's ONNX file.

        Raises:
            SpeechganError: none of them, a device other than the CPU, threads below 1.
        """
        require_cpu(device)
        check_threads(threads)
        if Path(name).suffix == ".onnx":
            return cls(Path(name), None, threads)
        folder = find_model(name)
        frame, blocks = (p if (p := folder / n).is_file() else None for n in (ONNX, BLOCKS))
        if frame is None and blocks is None:
            raise SpeechganError(
                f"{name}: holds no {ONNX}; write it with speechgan export {name} --onnx "
                f"{folder / ONNX}, or use the torch engine"
            )
        config = load_config(folder)
        require_task(name, config, "enhance")
        made = cls(frame, blocks, threads)
        made.shifts = config.get("shifts", 1)
        return made

    def start(self, channels: int) -> FrameRun:
        """The network at the beginning of a sound."""
        if self._frame is not None:
            return OnnxRun(self._frame, self._blocks, channels)
        hop = self.hop_length / self.sample_rate
        framing = Framing.at(self.sample_rate, self.sample_rate, self.n_fft, self.hop_length)
        context = Context(
            self._numbers["context"], self._numbers["multiple"], round(BLOCK_SECONDS / hop)
        )
        offset = OffsetFilter(framing.window, self.hop_length, self.sample_rate, channels)
        return ContextRun(context, offset, channels)

    def answer(self, asks: Sequence[Ask]) -> list[Array]:
        """Frames of several sounds: few of each at once, as live ones have; many one after another.

        Of one sound, many frames fit a core's cache, and those of several do not.
        """
        few = [n for n, ask in enumerate(asks) if self._joins and ask.given.shape[1] < FEW_FRAMES]
        if len(few) < 2:
            return [self._answer_alone(ask) for ask in asks]
        made = dict(zip(few, answer_in_batches([asks[n] for n in few], self._join), strict=True))
        return [made[n] if n in made else self._answer_alone(ask) for n, ask in enumerate(asks)]

    def _join(self, spectrum: Spectrum, asks: Sequence[Ask]) -> Spectrum:
        session: Any = self._blocks
        return continue_all(session, [ask.memory for ask in asks], spectrum)

    def _answer_alone(self, ask: Ask) -> Spectrum:
        """Channel by channel, which spares the arrays between."""
        if ask.memory:
            made: Spectrum = ask.memory(ask.given)
            return made
        session: Any = self._blocks
        rows = np.split(ask.given, len(ask.given))
        parts = [session.run(["enhanced"], {"spectrum": to_parts(row)})[0] for row in rows]
        return to_complex(np.concatenate(parts))


def takes_many(session: Any) -> bool:
    """Whether a graph takes more than one channel."""
    return session.get_inputs()[0].shape[0] != 1
