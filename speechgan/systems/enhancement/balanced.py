"""A conditional GAN whose adversarial gradient is a fixed share of that of closeness."""

from typing import Any

import torch
from torch import Tensor

from speechgan.features.signal import Signal
from speechgan.losses.balance import GradientBalance
from speechgan.systems.enhancement.conditional import ConditionalGAN


class BalancedGAN(ConditionalGAN):
    """`ConditionalGAN`, whose adversarial terms have one more weight, which follows the gradients.

    The weights of heads and judges then count only relative to each other.

    Args:
        balance: computes that weight.
        settings: of `ConditionalGAN`.
    """

    def __init__(self, balance: GradientBalance, **settings: Any) -> None:
        super().__init__(**settings)
        self.balance = balance

    def combine(
        self, closeness: dict[str, Tensor], adversarial: dict[str, Tensor], enhanced: Signal
    ) -> dict[str, Tensor]:
        """The terms of closeness as they are, the adversarial ones weighed."""
        if not adversarial:
            return closeness
        made = enhanced.wave if self.generator.reads == "wave" else enhanced.image
        sums = (torch.stack(list(terms.values())).sum() for terms in (closeness, adversarial))
        weight = self.balance(*sums, made)
        self.observe("adversarial_weight", weight)
        return closeness | {name: weight * term for name, term in adversarial.items()}
