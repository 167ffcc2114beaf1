"""How many steps, and how often what: refused where a training could not count so."""

from typing import Any

from speechgan.utils.ranges import require_share, require_whole

LEAST = {
    "max_steps": 1,
    "warmup_steps": 0,
    "decay_steps": 0,
    "log_every": 1,
    "validate_every": 1,
    "save_every": 1,
    "patience": 1,
    "workers": 0,
}
"""The smallest value of a trainer's settings."""


def check_steps(trainer: Any) -> None:
    """Whether the numbers of a `Trainer` and of its turns are in their ranges.

    Raises:
        ValueError: one of them is not.
    """
    require_whole("trainer.", trainer, LEAST)
    require_share("trainer.average", trainer.average)
    if trainer.threads is not None:
        require_whole("trainer.", trainer, {"threads": 1})
    for name, turn in trainer.turns.items():
        require_whole(f"trainer.turns.{name}.", turn, {"start": 0, "every": 1})
