"""How loud a sound has been so far, so that networks need not know its level."""

import torch
from torch import Tensor, nn


class RunningLevel(nn.Module):
    """Mean compressed magnitude so far, forgetting with a time constant: causal and exact.

    The bias-corrected exponential mean of the frames' mean magnitudes. Frames of digital silence
    carry no evidence and change nothing. Level times `g` for an image times `g`.

    Args:
        frames: time constant of forgetting, in frames.
    """

    def __init__(self, frames: float = 192.0) -> None:
        super().__init__()
        self.decay = 1 - 1 / frames

    def forward(self, size: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Of compressed magnitudes `(batch, 1, frequency, frame)` and the state `(batch, 2)`.

        Returns:
            Levels `(batch, 1, 1, frame)` and the state after the last frame.
        """
        mean = size.mean((1, 2))
        level, after = running_mean(mean, (mean > 0).to(mean.dtype), state, self.decay)
        return level.clamp(min=torch.finfo(torch.float32).tiny)[:, None, None], after


def running_mean(
    values: Tensor, weights: Tensor, state: Tensor, decay: float
) -> tuple[Tensor, Tensor]:
    """Weighted mean of all values so far, each counting `decay` times less with every frame.

    Args:
        values: `(batch, frame)`.
        weights: of the values, from 0 to 1, of the same shape.
        state: `(batch, 2)`, decayed sums of what came before, values and weights.
        decay: from 0 to 1.

    Returns:
        Means `(batch, frame)`, 0 where nothing had a weight, and the state after the last frame.
    """
    least = torch.finfo(torch.float32).tiny
    if values.shape[-1] == 1:  # most calls of a live sound, which has no frames to sum over
        after = torch.cat([values * weights, weights], 1) + decay * state
        return after[:, :1] / after[:, 1:].clamp(min=least), after
    steps = torch.arange(values.shape[-1], device=values.device)
    # ago[s, t] = t - s: how long ago frame s was when frame t is heard.
    ago = (steps[None, :] - steps[:, None]).to(values.dtype)
    kernel = torch.where(ago >= 0, decay ** ago.clamp(min=0), 0.0)
    fade = decay ** (steps + 1).to(values.dtype)
    total = (values * weights) @ kernel + state[:, :1] * fade
    weight = weights @ kernel + state[:, 1:] * fade
    mean = total / weight.clamp(min=least)
    return mean, torch.cat([total[:, -1:], weight[:, -1:]], 1)
