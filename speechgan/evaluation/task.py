"""The differences between the evaluations of enhancement and of conversion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from speechgan.evaluation.measure import Measure
from speechgan.utils.errors import SpeechganError


@dataclass(frozen=True)
class Scale:
    """A measure that the report shows on a scale.

    Attributes:
        key: of the measure.
        title: above the scale.
        lowest, highest: its ends.
        say: describes a mean in words, if better or worse is not enough.
    """

    key: str
    title: str
    lowest: float
    highest: float
    say: Callable[[float], str] | None = None


@dataclass(frozen=True)
class Task:
    """A kind of evaluation.

    Attributes:
        title: for people.
        sides: that have scores, in the order of the tables.
        judged: the evaluated side.
        baseline: the side that it is compared with, in a column `difference`; None for none.
        shown: the sides that the report shows and plays, in this order.
        offers: names of the possible parameters of measures.
        headlines: keys of the measures that the report prints large.
        captions: keys of the measures below a picture.
        ranked_by: recordings are ranked by the first of these that was measured.
        scales: measures that the report shows on scales.
        note: how to read the means.
    """

    title: str
    sides: tuple[str, ...]
    judged: str
    baseline: str | None
    shown: tuple[str, ...]
    offers: tuple[str, ...]
    headlines: tuple[str, ...]
    captions: tuple[str, ...]
    ranked_by: tuple[str, ...]
    scales: tuple[Scale, ...] = ()
    note: str = ""

    def extend(
        self, measures: Sequence[Measure], added: Sequence[Measure], given: Sequence[str]
    ) -> tuple[Measure, ...]:
        """The measures with further ones.

        Args:
            measures: of the task.
            added: by the user.
            given: the sides with folders.

        Raises:
            SpeechganError: one whose name exists already, or whose parameters do not exist.
        """
        for number, measure in enumerate(added):
            if measure.key in {other.key for other in (*measures, *added[:number])}:
                raise SpeechganError(f"there is a measure {measure.key} already; rename yours")
            for name in measure.parameters:
                if name not in self.offers:
                    raise SpeechganError(
                        f"the measure {measure.key} asks for {name}; there are "
                        f"{', '.join(self.offers)}"
                    )
                side = name.partition("_")[0]
                if side in {*self.sides, *self.shown} and side not in given:
                    raise SpeechganError(f"the measure {measure.key} needs --{side}")
        return (*measures, *added)
