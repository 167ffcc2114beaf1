"""A step of training asks nothing of the device, which would have to be waited for."""

import traceback
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data._utils.pin_memory import pin_memory

from speechgan.data.conversion.unpaired import VoiceBatch
from speechgan.data.digits.batches import LabelledBatch
from speechgan.data.enhancement.batch import PairedBatch
from speechgan.data.waves import WaveBatch
from speechgan.models.layers.counter import Counter
from speechgan.training.compose import build, compose
from speechgan.training.run import Run

ASKING = ("aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select")
"""What `float`, `bool`, `.item()` and choosing by a mask come down to."""
SMALL = ["generator.channels=8", "generator.bands=8", "generator.hidden=8"]
WAVES = ["generator.widths=[4,4,8,8]", "discriminator.widths=[2,2,2,2]"]
SYSTEMS = [
    ["system=supervised", "system.closeness.estoi=1.5", *SMALL],
    ["system=balanced", *SMALL],
    ["system=balanced_pesq", *SMALL],
    ["system=wave_judged", *SMALL],
    ["system=joint", *SMALL],
    ["system=segan", "generator.latent=false", *WAVES],
]


class Asked(TorchDispatchMode):
    """Notes where in the package a tensor is asked for its value."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if function.name() in ASKING:
            stack = traceback.extract_stack()
            # Optimisers count their steps on the processor, whatever they train.
            own = not any("torch/optim" in Path(frame.filename).as_posix() for frame in stack)
            frames = [frame for frame in stack if "/speechgan/" in frame.filename]
            # torch.randint draws on the processor.
            if own and "torch.randint(" not in (frames[-1].line or ""):
                self.places.append(f"{frames[-1].filename}:{frames[-1].lineno}")
        return function(*args, **(kwargs or {}))


def start(folder: Path, *overrides: str) -> tuple[Run, PairedBatch, frozenset[str]]:
    """A run, a batch for it, and who moves."""
    settings = ["data.root=none", f"run.folder={folder}", "trainer.threads=1", *overrides]
    config = compose("enhance", settings)
    torch.manual_seed(0)
    trainer = build(config.trainer)
    fabric = trainer._launch()
    run = trainer._start(fabric, build(config.system))
    seconds = torch.randn(2, 2, 16384, device=fabric.device)
    return run, PairedBatch(*(0.05 * seconds)), frozenset(run.optimizers)


@pytest.mark.parametrize("overrides", SYSTEMS, ids=lambda overrides: overrides[0])
def test_a_step_asks_for_no_value(tmp_path: Path, overrides: list[str]) -> None:
    run, batch, players = start(tmp_path, "trainer.accelerator=cpu", *overrides)
    run.play(batch, players, players)  # which makes tables of losses
    with Asked() as asked:
        run.play(batch, players, players)
    assert asked.places == []
    assert int(run.skipped) == 0 and run.take_figures()["skipped_steps"] == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("overrides", SYSTEMS, ids=lambda overrides: overrides[0])
def test_a_step_on_a_gpu_waits_for_nothing(tmp_path: Path, overrides: list[str]) -> None:
    run, batch, players = start(tmp_path, "trainer.accelerator=cuda", *overrides)
    for _ in range(2):
        run.play(batch, players, players)
    torch.cuda.set_sync_debug_mode("error")
    try:
        run.play(batch, players, players)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("kind", [PairedBatch, WaveBatch, LabelledBatch, VoiceBatch])
def test_a_loader_pins_all_of_a_batch(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda tensor: tensor + 1)
    names = [field.name for field in fields(kind)]
    pinned = pin_memory(kind(*(torch.tensor(number) for number in range(len(names)))))
    assert isinstance(pinned, kind)
    assert [int(getattr(pinned, name)) for name in names] == list(range(1, len(names) + 1))


def test_a_gradient_that_is_not_finite_breaks_no_weight(tmp_path: Path) -> None:
    run, batch, players = start(tmp_path, "trainer.accelerator=cpu", *SYSTEMS[0])
    weights = list(run.system.players()["generator"])
    run.play(batch, players, players)
    breaking = weights[0].register_hook(lambda gradient: gradient * float("inf"))
    run.play(batch, players, players)
    assert (int(run.skipped), int(run.skipped_in_a_row)) == (1, 1)
    breaking.remove()
    before = weights[0].detach().clone()
    run.play(batch, players, players)
    assert (int(run.skipped), int(run.skipped_in_a_row)) == (1, 0)
    assert not torch.equal(weights[0], before)
    assert all(weight.isfinite().all() for weight in weights)


def test_a_count_is_saved_and_loaded_with_weights() -> None:
    counters = []
    for _ in range(2):
        owner = torch.nn.Linear(1, 1)
        counters.append((owner, Counter(owner, "moves")))
    (first, one), (second, other) = counters
    for _ in range(3):
        one.add()
    outer = torch.nn.Sequential(second)
    outer.load_state_dict({f"0.{name}": value for name, value in first.state_dict().items()})
    assert int(one) == int(other) == int(second.moves) == 3
    other.add()
    assert int(other) == int(second.moves) == 4
