"""`speechgan speakers`: lists a model's target speakers."""

import argparse

from speechgan.utils.tables import align


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments."""
    parser.add_argument(
        "--model",
        default="voices",
        metavar="NAME|DIR",
        help="a name that `speechgan models` lists, or a model folder (default: voices)",
    )
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Prints the speakers; the exit code.

    Raises:
        SpeechganError: no such model, a damaged one, or one of another task.
    """
    from speechgan.pretrained.folder import find_model, load_config, require_task
    from speechgan.pretrained.speakers import load_speakers

    folder = find_model(arguments.model)
    require_task(arguments.model, load_config(folder), "convert")
    speakers = load_speakers(folder)
    rows = [(s.name, s.sex, s.language, f"{s.minutes:.1f}", s.licence) for s in speakers]
    if arguments.json:
        import json

        keys = ("name", "sex", "language", "minutes", "licence")
        records = [dict(zip(keys, row, strict=True)) for row in rows]
        print(json.dumps([r | {"minutes": float(r["minutes"])} for r in records], indent=2))
        return 0
    table = [("name", "sex", "language", "minutes", "licence"), *rows]
    print("\n".join(align([[cell or "-" for cell in row] for row in table])))
    return 0
