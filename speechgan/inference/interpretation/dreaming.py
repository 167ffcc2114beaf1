"""Images that a judge likes best, found by following its gradient from noise.

DeepDream (Mordvintsev et al. 2015) and feature visualisation (Olah et al. 2017,
doi:10.23915/distill.00007), with what is known to keep an image natural: it moves a little before
each look, so that no pattern of single points pays; neighbours are held together by total
variation; and what the judge has no use for falls silent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from speechgan.inference.interpretation.judges import Judge
from speechgan.utils.errors import SpeechganError
from speechgan.utils.nearest import suggest

LOGITS = "logits"
"""The layer whose channels are the judge's classes."""
# Of the noise that is begun with, before tanh: mostly quiet, as images of words are.
MEAN, DEVIATION = -0.5, 0.3
LEARNING_RATE = 0.05
# Bins and frames by which an image moves at most, to either side.
JITTER = 2
# Pull towards equal neighbours and towards silence, beside a score whose pull at a point is 1 on
# the average: scores of different judges have gradients of very different sizes.
SMOOTH, QUIET = 0.5, 0.1
# Names that an error lists in full.
LISTED = 20


@dataclass(frozen=True)
class Goal:
    """What is to be liked.

    Attributes:
        layer: its place in what the judge hears; None for the judge's classes.
        channel: or the number of a class; None for all channels of a layer.
    """

    layer: int | None
    channel: int | None

    def score(self, judge: Judge, images: Tensor) -> Tensor:
        """How much of it there is in `(batch, 1, bin, frame)`, `(batch,)`.

        Of a class its score, of a channel its mean, of a layer, as in DeepDream, its mean square.
        """
        heard = judge.hear(images)
        if self.layer is None:
            assert self.channel is not None
            return judge.decide(heard[-1], self.channel)
        features = heard[self.layer]
        features = features.reshape(*features.shape[:2], -1)
        if self.channel is None:
            return features.square().mean((1, 2))
        return features[:, self.channel].mean(1)


@dataclass(frozen=True)
class Dream:
    """An image that was found.

    Attributes:
        image: `(bin, frame)` in [-1, 1].
        score: of it.
        before: score of the noise that it began as.
    """

    image: np.ndarray
    score: float
    before: float


def find_goal(judge: Judge, layer: str = LOGITS, wanted: str | None = None) -> Goal:
    """What a layer's name and a class or channel stand for.

    Args:
        judge: that is asked.
        layer: a number from 1 on, or `LOGITS`.
        wanted: of `LOGITS` the name of a class, which may be left out where there is one only; of
            others the number of a channel from 0 on, None for all of them.

    Raises:
        SpeechganError: no such layer, class or channel; it names those that there are.
    """
    with torch.no_grad():
        heard = judge.hear(torch.zeros(1, 1, *judge.shape))
    layers = [str(number + 1) for number in range(len(heard))]
    known = [*layers, LOGITS] if judge.classes else layers
    if layer not in known:
        raise SpeechganError(f"layer {layer}: unknown; known are {_list(known)}")
    if layer != LOGITS:
        place = layers.index(layer)
        channels = [str(number) for number in range(heard[place].shape[1])]
        return Goal(place, None if wanted is None else _find("channel", wanted, channels))
    if wanted is None and len(judge.classes) > 1:
        raise SpeechganError(f"layer {layer}: needs a class; known are {_list(judge.classes)}")
    return Goal(None, 0 if wanted is None else _find("class", wanted, judge.classes))


def dream(judge: Judge, goal: Goal, count: int = 4, steps: int = 200, seed: int = 0) -> list[Dream]:
    """Some images, the same for the same seed; a greater count begins with them, up to rounding.

    Args:
        judge: whose gradient is followed.
        goal: what it is to like.
        count: how many.
        steps: of gradient ascent (Adam).
        seed: of the noise that they begin as, and of their movements; at least 0.

    Raises:
        SpeechganError: a count or steps below 1, or a seed below 0.
    """
    for name, value, least in (("count", count, 1), ("steps", steps, 1), ("seed", seed, 0)):
        if value < least:
            raise SpeechganError(f"{name} {value}: must be at least {least}")
    noise = [np.random.default_rng([seed, n]).standard_normal(judge.shape) for n in range(count)]
    points = MEAN + DEVIATION * torch.tensor(np.stack(noise)[:, None], dtype=torch.float32)
    before = _judge(judge, goal, points)
    points.requires_grad_()
    optimizer = torch.optim.Adam([points], LEARNING_RATE)
    moves = np.random.default_rng(seed).integers(2 * JITTER + 1, size=(steps, 2))
    for bins, frames in moves.tolist():
        images = points.tanh()
        around = pad(images, [JITTER] * 4, value=-1.0)
        seen = around[..., bins : bins + judge.shape[0], frames : frames + judge.shape[1]]
        [slope] = torch.autograd.grad(goal.score(judge, seen).sum(), images, retain_graph=True)
        pull = slope / slope.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
        variation = images.diff(dim=2).abs().sum() + images.diff(dim=3).abs().sum()
        cost = SMOOTH * variation + QUIET * images.sum() - (pull * images).sum()
        [points.grad] = torch.autograd.grad(cost, points)
        optimizer.step()
    found = points.detach().tanh()[:, 0].numpy()
    after = _judge(judge, goal, points)
    return [Dream(*row) for row in zip(found, after, before, strict=True)]


@torch.no_grad()
def _judge(judge: Judge, goal: Goal, points: Tensor) -> list[float]:
    scores: list[float] = goal.score(judge, points.tanh()).tolist()
    return scores


def _find(kind: str, wanted: str, known: Sequence[str]) -> int:
    if wanted not in known:
        # Of numbers, none is meant for its likeness to another.
        like = "" if wanted.isdecimal() else suggest(wanted, known)
        raise SpeechganError(f"{kind} {wanted}: unknown{like}; known are {_list(known)}")
    return known.index(wanted)


def _list(names: Sequence[str]) -> str:
    """All names, or of many the first and the last."""
    if len(names) <= LISTED:
        return ", ".join(names)
    return f"{', '.join(names[:3])} ... {names[-1]} ({len(names)} in all)"
