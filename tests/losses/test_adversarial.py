import math

import pytest
import torch

from speechgan.losses.adversarial import OBJECTIVES, gradient_penalty, r1_penalty

# For a score of 2, worked by hand: what real, fake and generated candidates with it cost.
LOG = math.log(1 + math.exp(2))
WORKED = {
    "original": (math.log(1 + math.exp(-2)), LOG, -LOG),
    "non_saturating": (math.log(1 + math.exp(-2)), LOG, math.log(1 + math.exp(-2))),
    "lsgan": (0.5, 2.0, 0.5),
    "hinge": (0.0, 3.0, -2.0),
    "wgan_gp": (-2.0, 2.0, -2.0),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_hand_worked_losses(name):
    objective = OBJECTIVES[name]
    score = torch.full((3, 1, 2, 2), 2.0)
    found = [f(score).item() for f in (objective.real, objective.fake, objective.generator)]
    assert found == pytest.approx(WORKED[name], abs=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_discriminator_and_generator_pull_scores_apart(name):
    objective = OBJECTIVES[name]
    score = torch.full((4,), 0.5, requires_grad=True)

    def slope(loss):
        return torch.autograd.grad(loss(score), score)[0].sum().item()

    assert slope(objective.real) < 0 < slope(objective.fake)
    assert slope(objective.generator) < 0


def test_gradient_penalty_of_a_linear_discriminator():
    """The slope of sum(3 x) over 4 values is (3, 3, 3, 3), of norm 6: the penalty is 25."""
    penalty = gradient_penalty(
        lambda x: 3 * x.sum((1, 2)), torch.rand(5, 2, 2), torch.rand(5, 2, 2)
    )
    assert penalty.item() == pytest.approx(25, rel=1e-5)


def test_r1_is_half_the_squared_slope_and_teaches_the_discriminator():
    weight = torch.tensor(3.0, requires_grad=True)
    penalty = r1_penalty(lambda x: weight * x.sum((1, 2)), torch.rand(5, 2, 2))
    assert penalty.item() == pytest.approx(4 * 3**2 / 2)
    penalty.backward()
    assert weight.grad.item() == pytest.approx(4 * 3)
