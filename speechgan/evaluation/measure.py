"""Measures: a function, with the heading of its column."""

import importlib
import inspect
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from speechgan.utils.errors import SpeechganError, UnmeasurableError

Scores = dict[str, float]
"""Values by the key of their measure."""

Better = Literal["higher", "lower", "one", "zero"]


@dataclass(frozen=True)
class Measure:
    """A function and the column of its values.

    Attributes:
        function: returns one number. Arguments are passed by the names of its parameters, which
            must be among the `offers` of a task.
        title: heading of its column.
        better: the better direction; `one` means nearer to 1, `zero` nearer to 0.
        unit: empty if there is none.
        digits: printed after the point.
        sides: that it is measured of; None for all that have its arguments.

    Raises:
        SpeechganError: another direction than these, or an invalid number of digits.
    """

    function: Callable[..., float]
    title: str
    better: Better
    unit: str = ""
    digits: int = 2
    sides: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.better not in get_args(Better):
            known = ", ".join(get_args(Better))
            raise SpeechganError(
                f"{self.key}: better={self.better!r}: unknown; choose from {known}"
            )
        if type(self.digits) is not int or self.digits < 0:
            raise SpeechganError(
                f"{self.key}: digits={self.digits!r}: must be a whole number, 0 or more"
            )

    @property
    def key(self) -> str:
        """Its name in JSON and CSV, that of the function."""
        return self.function.__name__

    @property
    def meaning(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0].removesuffix(".")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the function's parameters."""
        return tuple(inspect.signature(self.function).parameters)

    def score(self, trial: object) -> float:
        """The value for one trial, whose attributes are the function's arguments.

        Raises:
            UnmeasurableError: it is not defined here, or not a finite number.
            SpeechganError: the function failed.
        """
        given = {name: getattr(trial, name) for name in self.parameters}
        if missing := [name for name, value in given.items() if value is None]:
            raise UnmeasurableError(f"{self.title} needs {' and '.join(missing)}")
        try:
            value = float(self.function(**given))
        except SpeechganError:
            raise
        except Exception as error:  # a user's function may raise any error
            reason = _tell(error)
            raise SpeechganError(f"the measure {self.key} failed: {reason}") from error
        if not math.isfinite(value):
            raise UnmeasurableError(f"{self.title} has no finite value")
        return value

    def __reduce__(self) -> tuple[Callable[[str], "Measure"], tuple[str]]:
        # Pickled by name, as decorated functions cannot be pickled.
        return load_measure, (f"{self.function.__module__}:{self.function.__qualname__}",)


def measure(
    title: str,
    *,
    better: Better,
    unit: str = "",
    digits: int = 2,
    sides: tuple[str, ...] | None = None,
) -> Callable[[Callable[..., float]], Measure]:
    """A decorator that makes a `Measure` of a function; arguments are attributes of that class.

    @measure("Level", better="zero", unit="dB", digits=1)
    def level(clean, enhanced):
        '''Of the enhanced wave, over that of the clean one.'''
        return 10 * np.log10(np.mean(enhanced**2) / np.mean(clean**2))
    """

    def make(function: Callable[..., float]) -> Measure:
        return Measure(function, title, better, unit, digits, sides)

    return make


def load_measure(name: str) -> Measure:
    """Finds a measure by `module:function`, in the current folder too.

    Raises:
        SpeechganError: there is no such module or function, it fails to load, or it is no measure.
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute:
        raise SpeechganError(f"{name}: not the name of a measure; write package.module:function")
    if "" not in sys.path:
        sys.path.append("")
    try:
        found = importlib.import_module(module)
    except Exception as error:  # a user's module may raise any error
        reason = _tell(error)
        raise SpeechganError(f"{name}: cannot be imported ({reason})") from error
    try:
        for part in attribute.split("."):
            found = getattr(found, part)
    except AttributeError:
        raise SpeechganError(f"{name}: {module} has no {attribute}") from None
    if not isinstance(found, Measure):
        raise SpeechganError(
            f"{name}: not a measure; decorate it with speechgan.evaluation.measure"
        )
    return found


def _tell(error: Exception) -> str:
    """In one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
