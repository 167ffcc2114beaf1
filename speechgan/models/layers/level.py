"""The running level of a sound, by which networks become independent of its loudness."""

import torch
from torch import Tensor, nn


class RunningLevel(nn.Module):
    """Causal, exponentially weighted mean of the compressed magnitude so far.

    It is bias-corrected, over the frames' mean magnitudes; frames of digital silence are left out.
    Scaling an image by `g` scales its level by `g`.

    Args:
        frames: time constant, in frames.
    """

    def __init__(self, frames: float = 192.0) -> None:
        super().__init__()
        self.decay = 1 - 1 / frames

    def forward(self, size: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Compressed magnitudes `(batch, 1, frequency, frame)` and the state `(batch, 2)`.

        Returns:
            Levels `(batch, 1, 1, frame)` and the state after the last frame.
        """
        mean = size.mean((1, 2))
        level, after = running_mean(mean, (mean > 0).to(mean.dtype), state, self.decay)
        return level.clamp(min=torch.finfo(torch.float32).tiny)[:, None, None], after


def running_mean(
    values: Tensor, weights: Tensor, state: Tensor, decay: float
) -> tuple[Tensor, Tensor]:
    """Weighted mean of all values so far; a value's weight decays by `decay` with every frame.

    Args:
        values: `(batch, frame)`.
        weights: of the values, from 0 to 1, of the same shape.
        state: `(batch, 2)`, decayed sums of earlier weighted values, and of earlier weights.
        decay: from 0 to 1.

    Returns:
        Means `(batch, frame)`, 0 where nothing had a weight, and the state after the last frame.
    """
    least = torch.finfo(torch.float32).tiny
    if values.shape[-1] == 1:  # as in most calls of a live stream: no matrix is needed
        after = torch.cat([values * weights, weights], 1) + decay * state
        return after[:, :1] / after[:, 1:].clamp(min=least), after
    steps = torch.arange(values.shape[-1], device=values.device)
    # ago[s, t] = t - s: the age of frame s at frame t.
    ago = (steps[None, :] - steps[:, None]).to(values.dtype)
    kernel = torch.where(ago >= 0, decay ** ago.clamp(min=0), 0.0)
    fade = decay ** (steps + 1).to(values.dtype)
    total = (values * weights) @ kernel + state[:, :1] * fade
    weight = weights @ kernel + state[:, 1:] * fade
    mean = total / weight.clamp(min=least)
    return mean, torch.cat([total[:, -1:], weight[:, -1:]], 1)
