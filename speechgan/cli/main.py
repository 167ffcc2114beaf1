"""`speechgan`: finds the command, runs it, and turns its errors into one line and an exit code.

A command is a module with `configure(parser)` and `run(arguments) -> int`; modules that are slow to
import, or optional, it imports inside `run`.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Container, Sequence

import speechgan
from speechgan.cli.parsing import Parser
from speechgan.utils.errors import SpeechganError
from speechgan.utils.extras import missing_extra
from speechgan.utils.interrupts import heed_interrupts
from speechgan.utils.nearest import suggest

COMMANDS = {
    "enhance": ("speechgan.cli.enhance", "take the noise out of recordings of speech"),
    "restore": ("speechgan.cli.restore", "give speech back what telephones and networks took"),
    "convert": ("speechgan.cli.convert", "give recordings of speech another speaker's voice"),
    "detect": (
        "speechgan.cli.detect",
        "find the mark that convert --watermark puts in",
    ),
    "generate": ("speechgan.cli.generate", "make spoken digits out of noise and a label"),
    "dream": ("speechgan.cli.dream", "make what a judge of spoken digits likes best"),
    "explain": ("speechgan.cli.explain", "show why a discriminator scores a recording so"),
    "train": ("speechgan.cli.train", "train a model on your own recordings"),
    "sweep": ("speechgan.cli.sweep", "find settings by many trainings"),
    "data": ("speechgan.cli.data", "look at a folder of recordings, or fetch public ones"),
    "evaluate": ("speechgan.cli.evaluate", "measure what was enhanced, converted or generated"),
    "speakers": ("speechgan.cli.speakers", "list the voices that a conversion model speaks in"),
    "serve": (
        "speechgan.cli.serve",
        "enhance and convert as a server for other programs",
    ),
    "demo": ("speechgan.cli.demo", "enhance, convert and generate on a page in the browser"),
    "export": ("speechgan.cli.export", "write a model as an ONNX file, to run without PyTorch"),
    "models": ("speechgan.cli.models", "list the models, or show the card of one"),
    "doctor": ("speechgan.cli.doctor", "show what is installed, and test that it works"),
    "completion": ("speechgan.cli.completion", "make a shell complete the commands and options"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: arguments without the program's name; None takes them from the process.

    Returns:
        The exit code: 0 done, 1 failed with a message on stderr, 130 interrupted. Arguments that
        cannot be parsed exit with 2, as everywhere.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    heed_interrupts()
    _fill_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Characters that the output's encoding lacks, as in a pipe on Windows, are escaped.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        arguments = _parse(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except SpeechganError as error:
        print(f"speechgan: error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        library = (error.name or "").split(".")[0]
        if library in ("", "speechgan"):
            raise
        print(f"speechgan: error: {missing_extra(library, argv[0])}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("speechgan: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of the output has closed it; avoids a second error when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        # Such as a full or read-only disk: a message without a traceback.
        where = f"{error.filename}: " if error.filename else ""
        print(f"speechgan: error: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    return code


def _fill_streams() -> None:
    """Replaces standard streams that were closed, as by `<&-` or a service manager.

    Python sets them to None, and the next file that is opened would get their descriptor.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # Stays open until the process ends, as a standard stream does.
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def build_parser(chosen: Container[str]) -> Parser:
    """A parser of all commands by name, with the arguments of the chosen ones only.

    So a command does not import the modules of the others.
    """
    parser = Parser(
        prog="speechgan", description="GANs for speech: enhancement, voice conversion, generation."
    )
    parser.add_argument("--version", action="version", version=f"speechgan {speechgan.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command")
    for name, (module, summary) in COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."
        )
        if name in chosen:
            loaded = importlib.import_module(module)
            loaded.configure(command)
            command.set_defaults(run=loaded.run)
    return parser


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = build_parser(argv[:1])
    if argv and argv[0] not in COMMANDS and (like := suggest(argv[0], COMMANDS)):
        parser.error(f"{argv[0]}: no such command{like}")
    for word in argv[1:]:
        if word[:1] == "-" and os.path.isfile(word) and "--" not in argv:
            parser.error(f"{word}: would be taken for an option; write ./{word}")
    arguments, rest = parser.parse_known_args(argv)
    # argparse takes consecutive settings only; those after an option such as --resume remain.
    unknown = any(word.startswith("-") for word in rest)
    if unknown or (rest and not hasattr(arguments, "overrides")):
        parser.refuse(rest)
    elif rest:
        arguments.overrides += rest
    return arguments
