"""Checks of numeric settings."""

from collections.abc import Mapping


def require_whole(place: str, settings: object, least: Mapping[str, int]) -> None:
    """Checks that attributes are whole numbers and large enough.

    Args:
        place: prefix of their names in the message, such as `data.`.
        settings: the object with the attributes.
        least: the smallest value of each, by name.

    Raises:
        ValueError: one of them is not.
    """
    for name, smallest in least.items():
        value = getattr(settings, name)
        if not isinstance(value, int) or value < smallest:
            raise ValueError(f"{place}{name}={value}: must be a whole number, {smallest} or more")


def require_share(name: str, value: float) -> None:
    """Checks that a value is from 0 to 1.

    Raises:
        ValueError: it is not.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name}={value}: must be from 0 to 1")
