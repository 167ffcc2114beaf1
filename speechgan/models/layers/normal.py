"""Diagonal normal distributions as a network's output, by their means and log variances."""

import math

import torch
from torch import Tensor

# Bound on log variances: beyond it a value is practically certain, or practically unknown.
LIMIT = 10.0


def split_normal(found: Tensor) -> tuple[Tensor, Tensor]:
    """A layer's output `(batch, 2 * code)` as mean and bounded log variance `(batch, code)`."""
    mean, log_variance = found.chunk(2, 1)
    return mean, LIMIT * torch.tanh(log_variance / LIMIT)


def draw_code(mean: Tensor, log_variance: Tensor, noise: Tensor | None = None) -> Tensor:
    """A differentiable sample, by the reparametrisation trick (arXiv:1312.6114).

    Args:
        mean, log_variance: `(batch, code)`.
        noise: of the same shape, standard normal; None draws it.
    """
    noise = torch.randn_like(mean) if noise is None else noise
    return mean + torch.exp(log_variance / 2) * noise


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of `(batch, code)` from the standard normal distribution.

    In nats, the mean over the batch, a scalar.
    """
    return (mean.square() + torch.exp(log_variance) - 1 - log_variance).sum(1).mean() / 2


def negative_log_likelihood(x: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """`(item,)`, in nats; x, mean and log variance are `(item, ...)`."""
    error = (x - mean).square() * torch.exp(-log_variance)
    return (math.log(2 * math.pi) + log_variance + error).flatten(1).sum(1) / 2
