"""Optimisers that PyTorch has in parts only."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Muon, Optimizer


class MuonAdamW(Optimizer):
    """Muon (Jordan et al. 2024) for matrices, AdamW for all other weights, as one optimiser.

    Muon's steps are those of a matrix whose singular values are all alike; their size is scaled to
    what AdamW's would have (Liu et al. 2025). Deliberate differences: first and last layers and
    embeddings that are matrices are Muon's too, as are the gates of a recurrence, together as one
    matrix; kernels of convolutions, which Jordan flattens to matrices, are AdamW's.

    Args:
        weights: to train.
        lr: of AdamW.
        matrix_lr: of Muon.
        betas: decay of AdamW's running means.
        momentum: of Muon.
        weight_decay: of both.
    """

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        lr: float,
        matrix_lr: float,
        betas: tuple[float, float] = (0.9, 0.99),
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        given = list(weights)
        matrices = [w for w in given if w.ndim == 2]
        others = [w for w in given if w.ndim != 2]
        self.parts: list[Optimizer] = []
        # A network of convolutions has no matrices, and an optimiser of nothing is refused.
        if matrices:
            muon = Muon(
                matrices,
                lr=matrix_lr,
                weight_decay=weight_decay,
                momentum=momentum,
                adjust_lr_fn="match_rms_adamw",
            )
            self.parts.append(muon)
        if others:
            adamw = AdamW(others, lr=lr, betas=(betas[0], betas[1]), weight_decay=weight_decay)
            self.parts.append(adamw)
        super().__init__([group for part in self.parts for group in part.param_groups], {})
        self._share()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._share()

    def _share(self) -> None:
        """Lets both parts work on the groups and the state that are saved and scheduled here."""
        for part, group in zip(self.parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state

    @torch.no_grad()
    def step(self, closure: Callable[[], Tensor] | None = None) -> None:  # type: ignore[override]
        """One step of both."""
        if closure is not None:
            raise NotImplementedError("MuonAdamW takes no closure: call backward, then step")
        for part in self.parts:
            part.step()
