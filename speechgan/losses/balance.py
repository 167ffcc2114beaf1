"""An adaptive weight that balances two sums of losses by their gradient norms."""

import torch
from torch import Tensor, nn

from speechgan.models.layers.counter import Counter

SMALLEST = 1e-12


class GradientBalance(nn.Module):
    """Weights the adversarial loss by its gradient at the generator's output (VQGAN, Esser et al.
    2021, arXiv:2012.09841).

    No fixed weight suits a whole training, as a discriminator's gradients change by orders of
    magnitude while it learns. Here the norm of its weighted gradient is a fixed share of that of
    the other terms.

    Deliberate differences: gradients are taken at the output and their norms averaged over time, as
    in EnCodec (Défossez et al. 2022, arXiv:2210.13438), and only every few steps, as that costs a
    second backward pass through the losses.

    Args:
        share: norm of the weighted adversarial gradient relative to that of the other terms.
        every: steps between two measurements.
        memory: of the moving averages, from 0 to 1.

    Raises:
        ValueError: a number out of its range.
    """

    def __init__(self, share: float = 0.3, every: int = 8, memory: float = 0.9) -> None:
        super().__init__()
        if share < 0 or every < 1 or not 0 <= memory < 1:
            raise ValueError(
                f"share {share}, every {every}, memory {memory}: must be at least 0, at least 1, "
                "and from 0 to below 1"
            )
        self.share, self.every, self.memory = share, every, memory
        self.register_buffer("norms", torch.zeros(2))
        self.norms: Tensor
        self.count = Counter(self, "calls")

    def forward(self, others: Tensor, adversary: Tensor, made: Tensor) -> Tensor:
        """The weight of the adversarial loss, a scalar without gradient.

        Args:
            others, adversary: scalars, the sums of the other and of the adversarial terms.
            made: the generator's output, of any shape, on which both depend.
        """
        if int(self.count) % self.every == 0:
            norms = [
                torch.autograd.grad(side, made, retain_graph=True)[0].norm()
                for side in (others, adversary)
            ]
            now = torch.stack(norms).detach()
            memory = self.memory if int(self.count) else 0.0
            mean = memory * self.norms + (1 - memory) * now
            # A single non-finite gradient would make all later weights NaN.
            self.norms.copy_(torch.where(mean.isfinite().all(), mean, self.norms))
        self.count.add()
        return self.share * self.norms[0] / self.norms[1].clamp(min=SMALLEST)
