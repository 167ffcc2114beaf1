"""The loop on a system of two small layers, in this process."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import batch_norm, linear
from torch.optim import Optimizer

from speechgan.systems.base import Step, System
from speechgan.training.average import MovingAverage, running_statistics
from speechgan.training.checkpoint import load_checkpoint
from speechgan.training.optimizers import MuonAdamW
from speechgan.training.run import Run
from speechgan.training.trainer import Trainer, Turn
from speechgan.utils.errors import SpeechganError

EVERYBODY = frozenset({"generator", "discriminator"})


class Layers(nn.Module):
    """Two of them, which remember whether their last answer was compiled."""

    compiled = False

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.norm = nn.Linear(3, 4), nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        self.compiled = torch.compiler.is_compiling()
        return self.norm(self.linear(x))


class Fitting(System):
    """A generator and a discriminator with batch normalisation that fit lines, each for itself."""

    turns: tuple[str, ...] = ("generator", "discriminator")

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.generator, self.discriminator = Layers(), Layers()

    def losses(self, player: str, step: Step[Tensor]) -> dict[str, Tensor]:
        wanted = step.batch.sum(1, keepdim=True).tanh()
        made = self.get_submodule(player)(step.batch)
        return {"distance": (made - wanted).square().mean()}


class Numbered:
    """Batches of numbers about one, which batch normalisation has to follow."""

    seconds = 1.0

    def __getitem__(self, number: int) -> Tensor:
        return 1 + 2 * torch.randn(16, 3, generator=torch.Generator().manual_seed(number))


def start(decay: float) -> Run:
    system = Fitting()
    optimizers = {name: torch.optim.SGD(list(w), lr=0.3) for name, w in system.players().items()}
    limits = dict.fromkeys(system.turns, 0.0)
    fabric = Fabric(accelerator="cpu", devices=1)
    return Run(fabric, system, optimizers, limits, "generator", decay)


def generator(system: Fitting) -> dict[str, Tensor]:
    """The generator's weights and running statistics, as they are now."""
    state = system.generator.state_dict()
    return {k: v.clone() for k, v in state.items() if v.is_floating_point()}


BOTH_PARTS = partial(MuonAdamW, lr=1e-2, matrix_lr=1e-2)


class Judge:
    """A validation that calls a function."""

    figures = ("pesq",)

    def __init__(self, look: Callable[[Fitting], object]) -> None:
        self.look = look

    def __call__(self, system: Fitting, log: Any, step: int) -> dict[str, float]:
        self.look(system)
        return {"pesq": 1.0}


def fit(
    folder: Path,
    steps: int,
    system: Fitting | None = None,
    optimizer: partial[Optimizer] = BOTH_PARTS,
    compiled: Sequence[str] = (),
    **options: Any,
) -> None:
    turn = Turn(optimizer)
    trainer = Trainer(
        folder,
        {"generator": turn, "discriminator": turn},
        steps,
        average=0.9,
        workers=0,
        accelerator="cpu",
        compiled=compiled,
    )
    trainer.fit(system or Fitting(), Numbered(), **options)


def test_an_average_follows_its_decay_which_is_lower_early_on():
    weight = torch.zeros(2)
    average = MovingAverage([weight], 0.5)
    expected, values = 0.0, (4.0, -2.0, 8.0, 1.0, 3.0, 5.0, 2.0, 7.0, 6.0, 9.0)
    for number, value in enumerate(values, 1):
        weight.fill_(value)
        average.update()
        decay = min(0.5, (1 + number) / (10 + number))
        expected = decay * expected + (1 - decay) * value
    assert average.weights[0].tolist() == pytest.approx([expected, expected])
    with average.applied():
        assert weight.tolist() == pytest.approx([expected, expected])
    assert weight.tolist() == [9.0, 9.0]


def test_without_decay_the_average_is_the_latest():
    run = start(0.0)
    run.play(Numbered()[0], EVERYBODY, EVERYBODY)
    latest = generator(run.system)
    with run.average.applied():
        torch.testing.assert_close(generator(run.system), latest)


def test_running_statistics_are_those_of_the_given_weights_modules_alone():
    system = Fitting()
    found = running_statistics(system, system.generator.parameters())
    norm = system.generator.norm
    assert [id(x) for x in found] == [id(norm.running_mean), id(norm.running_var)]
    assert running_statistics(system, system.generator.linear.parameters()) == []


def test_an_averaged_network_evaluates_with_averaged_statistics():
    run = start(0.8)
    averages = generator(run.system)
    for number in range(12):
        run.play(Numbered()[number], EVERYBODY, EVERYBODY)
        decay = min(0.8, (2 + number) / (11 + number))
        latest = generator(run.system)
        averages = {k: decay * averages[k] + (1 - decay) * v for k, v in latest.items()}
    assert (latest["norm.running_mean"] - averages["norm.running_mean"]).abs().max() > 0.03
    discriminator = run.system.discriminator.norm.running_mean.clone()
    inputs = Numbered()[99]
    run.system.eval()
    with run.average.applied(), torch.no_grad():
        torch.testing.assert_close(generator(run.system), averages)
        expected = batch_norm(
            linear(inputs, averages["linear.weight"], averages["linear.bias"]),
            averages["norm.running_mean"],
            averages["norm.running_var"],
            averages["norm.weight"],
            averages["norm.bias"],
        )
        torch.testing.assert_close(run.system.generator(inputs), expected)
        assert torch.equal(run.system.discriminator.norm.running_mean, discriminator)
    torch.testing.assert_close(generator(run.system), latest, rtol=0, atol=0)


def test_what_is_validated_and_released_is_the_average(tmp_path):
    seen: list[dict[str, Tensor]] = []
    fit(
        tmp_path,
        5,
        validate=Judge(lambda system: seen.append(generator(system))),
        save_best=lambda system, figures: seen.append(generator(system)),
    )
    averages = load_checkpoint(tmp_path / "last.safetensors")["average"]["weights"]
    order = [
        "linear.weight",
        "linear.bias",
        "norm.weight",
        "norm.bias",
        "norm.running_mean",
        "norm.running_var",
    ]
    assert len(seen) == 2
    for state in seen:
        for name, average in zip(order, averages, strict=True):
            assert torch.equal(state[name], average)


def test_a_resumed_run_ends_as_one_that_was_not_stopped(tmp_path):
    fit(tmp_path / "whole", 8)
    fit(tmp_path / "stopped", 5)
    fit(tmp_path / "stopped", 8, resume=True)
    whole, stopped = (
        load_checkpoint(tmp_path / n / "last.safetensors") for n in ("whole", "stopped")
    )
    assert whole["step"] == stopped["step"] == 8
    assert whole["average"]["updates"] == stopped["average"]["updates"] == 8
    torch.testing.assert_close(
        stopped["average"]["weights"], whole["average"]["weights"], rtol=0, atol=0
    )
    torch.testing.assert_close(stopped["system"], whole["system"], rtol=0, atol=0)


def test_a_checkpoint_brings_rates_that_the_run_can_scale(tmp_path):
    """After a resume both parts of an optimiser in two parts still obey the schedule."""
    fit(tmp_path, 3)
    state = load_checkpoint(tmp_path / "last.safetensors")
    system = Fitting()
    optimizers = {
        name: MuonAdamW(w, lr=1e-2, matrix_lr=1e-2) for name, w in system.players().items()
    }
    fabric = Fabric(accelerator="cpu", devices=1)
    run = Run(
        fabric, system, optimizers, {"generator": 0.0, "discriminator": 0.0}, "generator", 0.9
    )
    run.load_state(state)
    before = [w.detach().clone() for w in system.parameters()]
    for share, moves in ((0.0, False), (0.5, True)):
        run.scale_rates(share)
        run.play(Numbered()[3], EVERYBODY, EVERYBODY)
        changed = [not torch.equal(w, b) for w, b in zip(system.parameters(), before, strict=True)]
        assert all(changed) if moves else not any(changed)


def test_compiling_a_network_changes_nothing_but_the_time(tmp_path, monkeypatch):
    # Traced as ever, but no machine code is made of it, which takes most of a minute.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="aot_eager"))
    seen: list[tuple[bool, bool]] = []

    def look(system: Fitting) -> None:
        trained = system.generator.compiled
        system.generator(Numbered()[100][:5])
        seen.append((trained, system.generator.compiled))
        assert not system.discriminator.compiled

    plain = partial(torch.optim.SGD, lr=0.1)
    ends = []
    for compiled in ((), ("generator",)):
        folder = tmp_path / f"run{len(compiled)}"
        fit(folder, 4, Fitting(), plain, compiled, validate=Judge(look))
        ends.append(load_checkpoint(folder / "last.safetensors"))
    # Validation, whose recordings are of many lengths, is not compiled.
    assert seen == [(False, False), (True, False)]
    torch.testing.assert_close(ends[1]["system"], ends[0]["system"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(
        ends[1]["average"]["weights"], ends[0]["average"]["weights"], rtol=1e-4, atol=1e-6
    )


def test_a_figure_that_is_not_measured_cannot_be_monitored(tmp_path):
    trainer = Trainer(tmp_path, {}, 1, monitor="mos")
    with pytest.raises(SpeechganError, match=r"monitor=mos: is not measured here.*monitor=pesq"):
        trainer.fit(Fitting(), Numbered(), Judge(lambda system: None))
