"""The forms that the game between a generator and its critics can take."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


@dataclass(frozen=True)
class Objective:
    """What a critic's scores, of any shape, cost whom; each function returns a scalar.

    Attributes:
        good: the critic's loss for scores of what it should call good.
        bad: the critic's loss for scores of what it should call bad.
        fool: the generator's loss for the scores of what it generated.
        penalty: weight of the gradient penalty that the form needs, or 0.
    """

    good: Callable[[Tensor], Tensor]
    bad: Callable[[Tensor], Tensor]
    fool: Callable[[Tensor], Tensor]
    penalty: float = 0.0


OBJECTIVES = {
    # Goodfellow et al. 2014, equation 1: the generator minimises log(1 - D).
    "original": Objective(
        good=lambda s: softplus(-s).mean(),
        bad=lambda s: softplus(s).mean(),
        fool=lambda s: -softplus(s).mean(),
    ),
    # Goodfellow et al. 2014, section 3: the generator maximises log D instead.
    "non_saturating": Objective(
        good=lambda s: softplus(-s).mean(),
        bad=lambda s: softplus(s).mean(),
        fool=lambda s: softplus(-s).mean(),
    ),
    # Mao et al. 2017, with halves as in SEGAN (Pascual et al. 2017).
    "lsgan": Objective(
        good=lambda s: (s - 1).square().mean() / 2,
        bad=lambda s: s.square().mean() / 2,
        fool=lambda s: (s - 1).square().mean() / 2,
    ),
    # Lim & Ye 2017; Miyato et al. 2018.
    "hinge": Objective(
        good=lambda s: relu(1 - s).mean(),
        bad=lambda s: relu(1 + s).mean(),
        fool=lambda s: -s.mean(),
    ),
    # Gulrajani et al. 2017.
    "wgan_gp": Objective(
        good=lambda s: -s.mean(), bad=lambda s: s.mean(), fool=lambda s: -s.mean(), penalty=10.0
    ),
}


def gradient_penalty(score: Callable[[Tensor], Tensor], good: Tensor, bad: Tensor) -> Tensor:
    """How far the score's slope is from 1 between good and bad candidates (Gulrajani et al. 2017).

    Args:
        score: critic of one candidate `(batch, ...)`.
        good: candidates `(batch, ...)`.
        bad: as many.
    """
    share = torch.rand([len(good)] + [1] * (good.ndim - 1), device=good.device)
    between = (share * good + (1 - share) * bad).detach().requires_grad_()
    scores = score(between).reshape(len(good), -1).mean(1).sum()
    (slope,) = torch.autograd.grad(scores, between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
