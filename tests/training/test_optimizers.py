from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

from speechgan.training.checkpoint import load_checkpoint, save_checkpoint
from speechgan.training.optimizers import MuonAdamW

RATES = {"lr": 1e-2, "matrix_lr": 3e-2}


def network() -> nn.Module:
    """Matrices, wide and tall, among weights of one and three dimensions."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(4, 6, 3), nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 7))


def train(network: nn.Module, optimizers: list[Optimizer], first: int, last: int) -> None:
    """Steps of these numbers, each with a batch of its own."""
    for number in range(first, last):
        generator = torch.Generator().manual_seed(number)
        wanted = torch.randn(8, 7, generator=generator)
        loss = (network(torch.randn(8, 4, 4, generator=generator)) - wanted).square().mean()
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()


def weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in network.named_parameters()}


def saved_and_loaded(optimizer: Optimizer, path: Path) -> dict:
    save_checkpoint(path, optimizer.state_dict())
    return load_checkpoint(path)


def test_matrices_move_by_muon_and_all_other_weights_by_adamw():
    ours, theirs = network(), network()
    own = {"betas": (0.8, 0.95), "momentum": 0.9, "weight_decay": 0.1}
    train(ours, [MuonAdamW(ours.parameters(), **RATES, **own)], 0, 6)
    muon = Muon(
        [w for w in theirs.parameters() if w.ndim == 2],
        lr=RATES["matrix_lr"],
        momentum=0.9,
        weight_decay=0.1,
        adjust_lr_fn="match_rms_adamw",
    )
    others = [w for w in theirs.parameters() if w.ndim != 2]
    train(theirs, [muon, AdamW(others, lr=RATES["lr"], betas=(0.8, 0.95), weight_decay=0.1)], 0, 6)
    torch.testing.assert_close(weights(ours), weights(theirs), rtol=0, atol=0)
    start = weights(network())
    assert all((weight != start[name]).all() for name, weight in weights(ours).items())


def test_a_first_step_gives_a_matrix_the_size_of_adamws_and_singular_values_alike():
    """A step of AdamW is about the learning rate for every weight; Liu et al. match 0.2 of it."""
    matrix = nn.Parameter(torch.zeros(40, 20))
    bias = nn.Parameter(torch.zeros(20))
    optimizer = MuonAdamW([matrix, bias], lr=1e-2, matrix_lr=1e-2)
    inputs = torch.randn(64, 40, generator=torch.Generator().manual_seed(0))
    wanted = inputs[:, :20] * torch.logspace(-1.5, 0, 20)
    (inputs @ matrix + bias - wanted).square().mean().backward()
    before = torch.linalg.svdvals(matrix.grad)
    optimizer.step()
    step = torch.linalg.svdvals(matrix.detach())
    assert before[0] / before[-1] > 20 and step[0] / step[-1] < 2
    assert matrix.detach().square().mean().sqrt().item() == pytest.approx(0.2 * 1e-2, rel=0.2)
    assert bias.detach().abs().median().item() == pytest.approx(1e-2, rel=0.01)


def test_a_saved_and_loaded_optimizer_goes_on_exactly(tmp_path):
    whole = network()
    train(whole, [MuonAdamW(whole.parameters(), **RATES)], 0, 7)
    stopped = network()
    first = MuonAdamW(stopped.parameters(), **RATES)
    train(stopped, [first], 0, 4)
    state = saved_and_loaded(first, tmp_path / "optimizer.safetensors")
    second = MuonAdamW(stopped.parameters(), **RATES)
    second.load_state_dict(state)
    train(stopped, [second], 4, 7)
    torch.testing.assert_close(weights(stopped), weights(whole), rtol=0, atol=0)
    state = second.state_dict()["state"]
    assert len(state) == 6 and {int(s["step"]) for s in state.values() if "step" in s} == {7}


@pytest.mark.parametrize("still", [0, 1], ids=["matrices", "others"])
@pytest.mark.parametrize("loaded", [False, True])
def test_learning_rates_of_both_parts_can_be_changed(tmp_path, still, loaded):
    subject = network()
    optimizer = MuonAdamW(subject.parameters(), **RATES)
    train(subject, [optimizer], 0, 2)
    if loaded:
        state = saved_and_loaded(optimizer, tmp_path / "optimizer.safetensors")
        optimizer = MuonAdamW(subject.parameters(), lr=1.0, matrix_lr=1.0)
        optimizer.load_state_dict(state)
    assert [g["lr"] for g in optimizer.param_groups] == [3e-2, 1e-2]
    optimizer.param_groups[still]["lr"] = 0.0
    before = weights(subject)
    train(subject, [optimizer], 2, 3)
    for name, weight in weights(subject).items():
        assert torch.equal(weight, before[name]) == ((weight.ndim == 2) == (still == 0))


def test_settings_that_a_state_brings_count_for_both_parts(tmp_path):
    """As with PyTorch's own, a state brings the settings that it was made with."""
    ours, theirs = network(), network()
    made = MuonAdamW(ours.parameters(), **RATES, momentum=0.5, weight_decay=0.3)
    train(ours, [made], 0, 1)
    train(theirs, [MuonAdamW(theirs.parameters(), **RATES, momentum=0.5, weight_decay=0.3)], 0, 1)
    loaded = MuonAdamW(theirs.parameters(), lr=1.0, matrix_lr=1.0)
    loaded.load_state_dict(deepcopy(made.state_dict()))
    train(ours, [made], 1, 3)
    train(theirs, [loaded], 1, 3)
    torch.testing.assert_close(weights(theirs), weights(ours), rtol=0, atol=0)


def test_a_closure_is_refused():
    optimizer = MuonAdamW(network().parameters(), **RATES)
    with pytest.raises(NotImplementedError, match="no closure: call backward, then step"):
        optimizer.step(lambda: torch.zeros(()))


@pytest.mark.parametrize("layer", [nn.Conv1d(4, 6, 3), nn.Linear(4, 6, bias=False)])
def test_a_network_may_have_weights_of_one_kind_only(layer, tmp_path):
    before = layer.weight.detach().clone()
    optimizer = MuonAdamW(layer.parameters(), **RATES)
    layer(torch.ones(2, 4, 4)).sum().backward()
    optimizer.step()
    assert not torch.equal(layer.weight, before)
    again = MuonAdamW(layer.parameters(), **RATES)
    again.load_state_dict(saved_and_loaded(optimizer, tmp_path / "state"))
    assert again.state_dict().keys() == optimizer.state_dict().keys()
