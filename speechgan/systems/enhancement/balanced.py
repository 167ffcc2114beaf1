"""A conditional GAN whose adversarial gradient is a fixed share of the closeness gradient."""

from typing import Any

import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.losses.balance import GradientBalance
from speechgan.systems.enhancement.conditional import ConditionalGAN


class BalancedGAN(ConditionalGAN):
    """`ConditionalGAN` with a common adaptive weight on its adversarial terms (`GradientBalance`).

    The weights of heads and judges then count only relative to each other.

    Args:
        balance: computes that weight from the gradients of both kinds of term.
        settings: of `ConditionalGAN`.
    """

    def __init__(self, balance: GradientBalance, **settings: Any) -> None:
        super().__init__(**settings)
        self.balance = balance

    def combine(
        self, closeness: dict[str, Tensor], adversarial: dict[str, Tensor], enhanced: Signal
    ) -> dict[str, Tensor]:
        """The closeness terms as they are, the adversarial ones multiplied by the weight."""
        if not adversarial:
            return closeness
        made = enhanced.wave if self.generator.reads == "wave" else enhanced.image
        sums = (torch.stack(list(terms.values())).sum() for terms in (closeness, adversarial))
        weight = self.balance(*sums, made)
        self.observe("adversarial_weight", weight)
        return closeness | {name: weight * term for name, term in adversarial.items()}
