"""The adversary's gradient, as a share of that of the other terms."""

import pytest
import torch

from speechgan.losses.balance import GradientBalance


@pytest.mark.parametrize("strength", [1e-4, 1.0, 1e4])
def test_the_adversary_pulls_with_its_share_however_steep_it_is(strength):
    made = torch.randn(2, 5, requires_grad=True)
    others, adversary = 3 * made.square().sum(), strength * made.sin().sum()
    weight = GradientBalance(share=0.3)(others, adversary, made)
    pulls = [torch.autograd.grad(x, made, retain_graph=True)[0] for x in (others, adversary)]
    assert float(weight * pulls[1].norm()) == pytest.approx(0.3 * float(pulls[0].norm()), rel=1e-4)
    assert not weight.requires_grad


def test_it_follows_slowly_and_measures_now_and_then():
    balance = GradientBalance(share=1.0, every=2, memory=0.5)
    made = torch.ones(1, requires_grad=True)
    weights = [float(balance(made.sum(), k * made.sum(), made)) for k in (1.0, 9.0, 9.0, 9.0)]
    # The second call measures nothing; the third finds a mean of 1 and 9.
    assert weights == pytest.approx([1.0, 1.0, 0.2, 0.2])


def test_it_goes_on_where_a_checkpoint_was():
    made = torch.ones(1, requires_grad=True)
    first, again = (GradientBalance(every=3) for _ in range(2))
    first(made.sum(), 4 * made.sum(), made)
    again.load_state_dict(first.state_dict())
    assert again(made.sum(), 100 * made.sum(), made) == first(made.sum(), made.sum(), made)


@pytest.mark.parametrize("bad", [0, 1])
def test_a_gradient_that_is_not_finite_is_forgotten(bad):
    balance = GradientBalance(share=0.3, every=1)
    made = torch.ones(3, requires_grad=True)
    strengths = [2.0, 2.0, 2.0]
    strengths[bad] = float("nan")
    *_, last = [float(balance(made.sum(), k * made.sum(), made)) for k in strengths]
    assert last == pytest.approx(0.15)


def test_an_adversary_without_slope_is_no_division_by_zero():
    made = torch.ones(3, requires_grad=True)
    assert GradientBalance()(made.sum(), 0 * made.sum(), made).isfinite()


@pytest.mark.parametrize("wrong", [{"share": -1}, {"every": 0}, {"memory": 1.0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be at least 0"):
        GradientBalance(**wrong)
