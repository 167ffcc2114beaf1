"""`speechgan completion`: a completion script for a shell."""

import argparse
from pathlib import Path

from speechgan.utils.places import locate

SHELLS = ("bash", "zsh", "fish", "powershell")
EPILOG = """\
examples:
  speechgan completion bash > ~/.local/share/bash-completion/completions/speechgan
  speechgan completion zsh > "${fpath[1]}/_speechgan"
"""
PATHS = {"IN", "OUT", "DIR", "FILE", "RUN"}
"""Placeholders of arguments that are files or folders; a metavar may list several."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=SHELLS, help="whose completion it is")


def run(arguments: argparse.Namespace) -> int:
    """Prints the script; 0."""
    import shtab

    from speechgan.cli.main import COMMANDS, build_parser

    parser = build_parser(COMMANDS)
    complete_paths(parser)
    print(shtab.complete(parser, arguments.shell))
    return 0


def complete_paths(parser: argparse.ArgumentParser) -> None:
    """Marks the arguments of a parser, and of its commands, that are files or folders."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                complete_paths(command)
        elif action.type in (Path, locate) or PATHS & {*str(action.metavar).split("|")}:
            # shtab reads this attribute, which argparse's type does not have.
            action.complete = shtab.FILE  # type: ignore[attr-defined]
