"""Which settings a sweep may choose, in Hydra's grammar of sweeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class Space:
    """What a sweep is of.

    Attributes:
        fixed: settings that all its trainings share, in Hydra's grammar.
        free: what the others are drawn from, by their keys.
    """

    fixed: tuple[str, ...]
    free: Mapping[str, BaseDistribution]

    def settings(self, chosen: Mapping[str, Any]) -> list[str]:
        """Of one training, in Hydra's grammar."""
        return [*self.fixed, *(f"{key}={value}" for key, value in chosen.items())]


def parse_space(words: Sequence[str]) -> Space:
    """Settings of a command line.

    Free is `key=choice(a,b,c)`, or shorter `key=a,b,c`; `key=range(1,5)`; and
    `key=interval(0.1,0.9)`, a number in between: `tag(log, interval(1e-4,1e-2))` by its logarithm,
    `tag(int, interval(1,8))` a whole one.

    Raises:
        SpeechganError: what Hydra does not understand, a key that is free twice, an interval that
            holds nothing, or nothing that is free.
    """
    try:
        parsed = OverridesParser.create().parse_overrides(list(words))
    except HydraException as error:
        raise SpeechganError(" ".join(str(error).split())) from None
    fixed, free = [], {}
    for word, override in zip(words, parsed, strict=True):
        if not override.is_sweep_override():
            fixed.append(word)
            continue
        key = override.get_key_element()
        if key in free:
            raise SpeechganError(f"{word}: {key} is free already; name each setting once")
        try:
            free[key] = _distribution(override)
        except (ValueError, TypeError) as error:
            raise SpeechganError(f"{word}: {' '.join(str(error).split())}") from None
    if not free:
        raise SpeechganError(
            "nothing is free; give a setting several values, such as system=joint,two_headed or "
            "'trainer.turns.generator.optimizer.lr=tag(log, interval(1e-4, 1e-2))'"
        )
    return Space(tuple(fixed), free)


def _distribution(override: Override) -> BaseDistribution:
    value: Any = override.value()
    if isinstance(value, IntervalSweep):
        low, high = value.start or 0.0, value.end or 0.0
        if "int" in value.tags:
            return IntDistribution(int(low), int(high), log="log" in value.tags)
        return FloatDistribution(float(low), float(high), log="log" in value.tags)
    choices = tuple(override.sweep_string_iterator())
    if isinstance(value, RangeSweep) and all(choice.lstrip("-").isdecimal() for choice in choices):
        numbers = [int(choice) for choice in choices]
        step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
        return IntDistribution(min(numbers), max(numbers), step=abs(step))
    return CategoricalDistribution(choices)
