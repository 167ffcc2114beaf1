"""Asks of several sounds as one batch for a network; NumPy alone."""

from collections.abc import Callable, Sequence

import numpy as np

from speechgan.inference.enhancement.rounds import Array, Ask


def answer_in_batches(
    asks: Sequence[Ask], work: Callable[[Array, Sequence[Ask]], Array]
) -> list[Array]:
    """Answers asks of any lengths, as few batches as may be.

    Args:
        asks: of different sounds.
        work: makes of `(row, step, ...)`, the channels of all the sounds of a batch, the same.
    """
    made: dict[int, Array] = {}
    for numbers in group_asks(asks):
        group = [asks[number] for number in numbers]
        rows = work(join(group), group)
        ends = np.cumsum([len(ask.given) for ask in group])
        for number, ask, own in zip(numbers, group, np.split(rows, ends[:-1]), strict=True):
            made[number] = own[:, : ask.given.shape[1]]
    return [made[number] for number in range(len(asks))]


def group_asks(asks: Sequence[Ask]) -> list[list[int]]:
    """The numbers of those asks that go together.

    Asks of one length go together as they are. A sound's last ask to a causal network, which keeps
    a memory, may be padded to the next length that others have: frames after its end change none
    before, and the memory is not needed again. Networks without a memory look ahead, and padding
    would change what they make of the last frames.
    """
    groups: dict[int, list[int]] = {}
    last: dict[int, int] = {}
    for number, ask in enumerate(asks):
        length = ask.given.shape[1]
        if ask.memory is not None and ask.ends:
            last[number] = length
        else:
            groups.setdefault(length, []).append(number)
    longest = max(last.values(), default=0)
    for number, length in last.items():
        wide = min((other for other in groups if other >= length), default=longest)
        groups.setdefault(wide, []).append(number)
    return list(groups.values())


def join(asks: Sequence[Ask]) -> Array:
    """What was given, row under row; the shorter ones filled up with zeros at their ends."""
    if len(asks) == 1:
        return asks[0].given
    first = asks[0].given
    shape = (sum(len(ask.given) for ask in asks), max(ask.given.shape[1] for ask in asks))
    rows = np.zeros(shape + first.shape[2:], first.dtype)
    start = 0
    for ask in asks:
        rows[start : start + len(ask.given), : ask.given.shape[1]] = ask.given
        start += len(ask.given)
    return rows
