"""Sounds as coroutines that ask a network for what they need: run alone, or many side by side."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from speechgan.utils.errors import SpeechganError

Array = np.ndarray[Any, Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Ask:
    """What a sound asks the network: some input, and where it lies in the sound.

    Attributes:
        given: noisy frames `(channel, frame, bin)`, or samples `(channel, sample)`.
        first: how many steps of time of the sound lie before it.
        memory: what the network keeps of the sound between two asks; None where it keeps nothing.
        ends: whether the sound asks nothing more.
    """

    given: Array
    first: int = 0
    memory: Any = None
    ends: bool = False


Steps = Generator[Ask, Array, Result]
"""A sound in the course of being enhanced: asks, is sent the answer, and returns its result."""

Answer = Callable[[Sequence[Ask]], Sequence[Array]]
"""Answers asks of different sounds, each by an array as long as what was given."""


def run_alone(steps: Steps[Result], answer: Answer) -> Result:
    """Does one sound, ask after ask."""
    try:
        ask = next(steps)
        while True:
            ask = steps.send(answer([ask])[0])
    except StopIteration as end:
        result: Result = end.value
        return result


def run_together(
    sounds: Iterable[Steps[Result]], count: int, answer: Answer, ahead: int | None = None
) -> Iterator[tuple[int, Result | SpeechganError]]:
    """Does many sounds, so many at a time; all that are open are answered at once.

    When one ends, the next takes its place at once, as requests do in the iteration-level
    scheduling of Orca (Yu et al. 2022). When the iteration is left, those that are open are closed.

    Args:
        sounds: begun one by one, when there is a place.
        count: most that are open at a time.
        answer: the network's.
        ahead: how many may have been begun after the first that has not ended; None is no limit.

    Yields:
        The number of a sound with its result, or with the `SpeechganError` that it raised, in the
        order in which they end.
    """
    waiting = enumerate(sounds)
    places: dict[int, tuple[Steps[Result], Ask]] = {}
    begun, exhausted = 0, False
    try:
        while True:
            while not exhausted and len(places) < count and _may_begin(places, begun, ahead):
                number, sound = next(waiting, (begun, None))
                if sound is None:
                    exhausted = True
                    break
                begun += 1
                ended = _advance(places, number, sound, None)
                if ended is not None:
                    yield number, ended[0]
            if not places:
                return
            numbers = list(places)
            answers = answer([places[number][1] for number in numbers])
            for number, made in zip(numbers, answers, strict=True):
                ended = _advance(places, number, places[number][0], made)
                if ended is not None:
                    yield number, ended[0]
    finally:
        for sound, _ in places.values():
            sound.close()


def run_in_order(sounds: Iterable[Steps[Result]], count: int, answer: Answer) -> Iterator[Result]:
    """As `run_together`, but gives results in the order of the sounds.

    Of those that wait for an earlier one to end there are no more than twice `count`.

    Raises:
        SpeechganError: when it is a sound's turn that raised it, with the sound's number.
    """
    ended: dict[int, Result | SpeechganError] = {}
    following = 0
    for number, outcome in run_together(sounds, count, answer, ahead=2 * count):
        ended[number] = outcome
        while following in ended:
            result = ended.pop(following)
            if isinstance(result, SpeechganError):
                raise SpeechganError(f"sound {following}: {result}")
            yield result
            following += 1


def check_batch(count: int) -> int:
    """Checks how many sounds are to be done at a time.

    Raises:
        SpeechganError: below 1.
    """
    if count < 1:
        raise SpeechganError(f"batch {count}: must be 1 or more")
    return count


def _may_begin(places: dict[int, Any], begun: int, ahead: int | None) -> bool:
    return ahead is None or not places or begun - min(places) <= ahead


def _advance(
    places: dict[int, tuple[Steps[Result], Ask]],
    number: int,
    sound: Steps[Result],
    made: Array | None,
) -> tuple[Result | SpeechganError] | None:
    """Runs a sound to its next ask, and keeps its place, or to its end.

    Returns:
        None at an ask; at the end, in a tuple as it may be None, its result or its error.
    """
    places.pop(number, None)
    try:
        places[number] = sound, next(sound) if made is None else sound.send(made)
    except StopIteration as end:
        return (end.value,)
    except SpeechganError as error:
        return (error,)
    return None
