"""A parser that suggests corrections of misspelt arguments."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from speechgan.utils.nearest import suggest


class Parser(argparse.ArgumentParser):
    """Python's does so for choices in new versions only, and never for options."""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            # A new version's message has a suggestion already.
            said = "you mean" in error.message
            like = "" if said else suggest(str(value), map(str, action.choices or ()))
            raise argparse.ArgumentError(action, f"{error.message}{like}") from None

    def refuse(self, words: Sequence[str]) -> NoReturn:
        """Exits, as for any argument that cannot be parsed.

        Args:
            words: unknown arguments.
        """
        known = {*_list_options(self)}
        names = (word.partition("=")[0] for word in words if word.startswith("--"))
        like = next(filter(None, (suggest(name, known) for name in names)), "")
        self.error(f"unrecognized arguments: {' '.join(words)}{like}")


def _list_options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The options of a parser and of all its commands."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _list_options(command)
