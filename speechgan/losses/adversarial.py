"""Adversarial objectives of generators and discriminators."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


@dataclass(frozen=True)
class Objective:
    """Losses as functions of a discriminator's scores, of any shape; each returns a scalar.

    Attributes:
        name: of the form.
        real: the discriminator's loss for its scores of real data.
        fake: the discriminator's loss for its scores of fake data.
        generator: the generator's loss for the scores of its output.
        penalty: weight of the gradient penalty that the form needs, or 0.
    """

    name: str
    real: Callable[[Tensor], Tensor]
    fake: Callable[[Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    penalty: float = 0.0


_FORMS = (
    # Goodfellow et al. 2014, arXiv:1406.2661, equation 1: the generator minimises log(1 - D).
    Objective(
        name="original",
        real=lambda s: softplus(-s).mean(),
        fake=lambda s: softplus(s).mean(),
        generator=lambda s: -softplus(s).mean(),
    ),
    # The same paper, section 3: the generator maximises log D instead.
    Objective(
        name="non_saturating",
        real=lambda s: softplus(-s).mean(),
        fake=lambda s: softplus(s).mean(),
        generator=lambda s: softplus(-s).mean(),
    ),
    # Mao et al. 2017, arXiv:1611.04076, halved as in SEGAN (arXiv:1703.09452). CycleGAN and
    # HiFi-GAN do not halve: other terms with their weights count twice as much against this form.
    Objective(
        name="lsgan",
        real=lambda s: (s - 1).square().mean() / 2,
        fake=lambda s: s.square().mean() / 2,
        generator=lambda s: (s - 1).square().mean() / 2,
    ),
    # Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957.
    Objective(
        name="hinge",
        real=lambda s: relu(1 - s).mean(),
        fake=lambda s: relu(1 + s).mean(),
        generator=lambda s: -s.mean(),
    ),
    # Gulrajani et al. 2017, arXiv:1704.00028.
    Objective(
        name="wgan_gp",
        real=lambda s: -s.mean(),
        fake=lambda s: s.mean(),
        generator=lambda s: -s.mean(),
        penalty=10.0,
    ),
)
OBJECTIVES = {form.name: form for form in _FORMS}


def find_objective(name: str, penalised: bool = False) -> Objective:
    """A form of the game by its name.

    Args:
        name: of the form.
        penalised: whether the calling system adds the gradient penalty of a form that needs one.

    Raises:
        ValueError: no such form, or one whose penalty would not be added.
    """
    if name not in OBJECTIVES:
        raise ValueError(f"no objective {name!r}; known: {sorted(OBJECTIVES)}")
    if OBJECTIVES[name].penalty and not penalised:
        raise ValueError(f"objective {name}: needs a penalty that this system has not")
    return OBJECTIVES[name]


def gradient_penalty(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """Squared deviation from 1 of the gradient norm between real and fake (arXiv:1704.00028).

    Args:
        score: the Wasserstein critic, of candidates `(batch, ...)`.
        real: candidates `(batch, ...)`.
        fake: of the same shape.
    """
    share = torch.rand([len(real)] + [1] * (real.ndim - 1), device=real.device)
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    scores = score(between).reshape(len(real), -1).mean(1).sum()
    (slope,) = torch.autograd.grad(scores, between, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()


def r1_penalty(score: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """R1 (Mescheder et al. 2018, arXiv:1801.04406): gradient norm of the scores at real data.

    A discriminator that has memorised a few recordings has a peak at each of them; one that is flat
    there has to rely on what they have in common.

    Args:
        score: the discriminator, of candidates `(batch, ...)`.
        real: candidates `(batch, ...)`.

    Returns:
        Half the mean of the squared norms of the items' gradients.
    """
    real = real.detach().requires_grad_()
    scores = score(real).reshape(len(real), -1).mean(1).sum()
    (slope,) = torch.autograd.grad(scores, real, create_graph=True)
    return slope.flatten(1).square().sum(1).mean() / 2
