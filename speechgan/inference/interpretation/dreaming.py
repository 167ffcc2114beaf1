"""Images that maximise a network's score, found by gradient ascent from noise.

DeepDream (Mordvintsev et al. 2015) and feature visualisation (Olah et al. 2017,
doi:10.23915/distill.00007), with the usual regularisation towards natural images: random shifts at
each step, against patterns of single points; a penalty on total variation; and one on loudness, so
that points without influence on the score become silent.
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

# Mean of the initial noise before tanh: mostly quiet, like images of words.
MEAN = -0.5
# Its standard deviation.
DEVIATION = 0.3
LEARNING_RATE = 0.05
# Largest shift of an image, in bins and frames, in both directions.
JITTER = 2
# The next two weights are relative to the score's gradient, normalised to a mean absolute value of
# 1 a point, as gradients of different networks differ very much in size.
# Weight of the total variation.
SMOOTH = 0.5
# Weight of the penalty on loudness.
QUIET = 0.1
# Most names that an error lists in full.
LISTED = 20


@dataclass(frozen=True)
class Goal:
    """What to maximise.

    Attributes:
        layer: its index in `Judge.hear`; None for the judge's classes.
        channel: or the number of a class; None for all channels of a layer.
    """

    layer: int | None
    channel: int | None

    def score(self, judge: Judge, images: Tensor) -> Tensor:
        """The value to maximise, `(batch,)`, of images `(batch, 1, bin, frame)`.

        A class's score, a channel's mean or, as in DeepDream, a layer's mean square.
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
    """A resulting image.

    Attributes:
        image: `(bin, frame)` in [-1, 1].
        score: of it.
        before: score of the initial noise.
    """

    image: np.ndarray
    score: float
    before: float


def find_goal(judge: Judge, layer: str = LOGITS, wanted: str | None = None) -> Goal:
    """The goal that a layer and a class or channel stand for.

    Args:
        judge: the network.
        layer: a number from 1 on, or `LOGITS`.
        wanted: for `LOGITS` the name of a class, or None if there is only one; for other layers the
            number of a channel from 0 on, or None for all of them.

    Raises:
        SpeechganError: no such layer, class or channel; it names those that exist.
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
    """Some images, determined by the seed; a larger count begins with them, up to rounding.

    Args:
        judge: the network.
        goal: what to maximise.
        count: how many.
        steps: of gradient ascent (Adam).
        seed: of the initial noise and of the shifts; at least 0.

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
        # Numbers get no suggestion of similar ones.
        like = "" if wanted.isdecimal() else suggest(wanted, known)
        raise SpeechganError(f"{kind} {wanted}: unknown{like}; known are {_list(known)}")
    return known.index(wanted)


def _list(names: Sequence[str]) -> str:
    """All names, or, of many, some of them."""
    if len(names) <= LISTED:
        return ", ".join(names)
    return f"{', '.join(names[:3])} ... {names[-1]} ({len(names)} in all)"
