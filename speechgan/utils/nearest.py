"""What somebody may have meant who has written a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """` (did you mean NAME?)` of the known name that is most like it; empty if none is."""
    by_lower = {other.lower(): other for other in known}
    found = get_close_matches(name.lower(), by_lower, 1, 0.7)
    return f" (did you mean {by_lower[found[0]]}?)" if found else ""
