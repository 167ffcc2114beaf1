"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """` (did you mean NAME?)` with the most similar known name; empty if none is similar."""
    by_lower = {other.lower(): other for other in known}
    found = get_close_matches(name.lower(), by_lower, 1, 0.7)
    return f" (did you mean {by_lower[found[0]]}?)" if found else ""
